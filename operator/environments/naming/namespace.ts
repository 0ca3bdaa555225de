import { createHash } from 'node:crypto';
import { labels, type TwinEnvironment } from '../../api/index.ts';
import type { ObjectMeta } from '../../kube/index.ts';
import { labelledOwner, ownerOf, type Owner } from './labels.ts';

/** What the name of an environment's namespace is made of. */
export interface EnvironmentIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly lifecycle: 'Ephemeral' | 'LongLived';
}

const LABEL_MAX = 63;
const HASH_LENGTH = 8;
/** RFC 4648 base32 in lower case: every letter is allowed in a DNS label. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * Name of the namespace that holds an environment's children: `<environment>-<hash>`, always a DNS label.
 *
 * For Ephemeral the uid is part of the hash, so that a name that somebody saw once leads to nobody else's environment
 * later. For LongLived it is not: the URL stays when the TwinEnvironment is made again.
 */
export function environmentNamespace({ namespace, name, uid, lifecycle }: EnvironmentIdentity): string {
  const hash = shortHash(lifecycle === 'LongLived' ? [namespace, name] : [namespace, name, uid]);
  const stem = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LABEL_MAX - HASH_LENGTH - 1)
    .replace(/^-+|-+$/g, '');
  return `${stem === '' ? 'environment' : stem}-${hash}`;
}

/** The namespace that an environment's children are in, or will be. */
export function homeOf(environment: TwinEnvironment): string {
  return environmentNamespace({ ...ownerOf(environment), lifecycle: environment.spec.lifecycle });
}

/**
 * Whom a namespace was made for, by its labels and by its name, which follows from the owner: labels alone, on any
 * namespace that somebody may label, make it nobody's. A protected namespace never was made for an environment.
 */
export function madeFor({ name, labels: found }: Pick<ObjectMeta, 'name' | 'labels'>): Owner | undefined {
  const owner = labelledOwner(found);
  if (owner === undefined || found?.[labels.protected] !== undefined) return undefined;
  const names = (['Ephemeral', 'LongLived'] as const).map((lifecycle) => environmentNamespace({ ...owner, lifecycle }));
  return names.includes(name) ? owner : undefined;
}

/** 40 bits of SHA-256 over an unambiguous text of the parts. */
function shortHash(parts: readonly string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest();
  let bits = 0n;
  for (const byte of bytes.subarray(0, 5)) bits = (bits << 8n) | BigInt(byte);
  let text = '';
  for (let index = 0; index < HASH_LENGTH; index++) {
    text = ALPHABET.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return text;
}
