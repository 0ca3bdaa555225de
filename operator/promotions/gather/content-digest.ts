import { createHmac, randomBytes } from 'node:crypto';
import { configurationKeySecret, fieldManagers } from '../../api/index.ts';
import { canonicalJSON, digestOf } from '../../canonical/index.ts';
import { keptSecret, type Client, type ConfigMap, type KubeObject, type Secret } from '../../kube/index.ts';
import type { ContentDigest } from '../decide/index.ts';

const KEY_BYTES = 32;

/** What a key of digests is called in statements: it tells one key from another, and nothing of the key. */
interface DigestKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/**
 * The key of digests of Secrets, made where there is none. Read anew each time: who deletes it asks for another one, and
 * with that for new rounds.
 *
 * @param namespace Twinlock's own
 * @throws Error when what is there is no key
 */
export async function digestKey(
  client: Pick<Client, 'find' | 'get' | 'apply'>,
  namespace: string,
  signal: AbortSignal,
): Promise<DigestKey> {
  const at = { namespace, name: configurationKeySecret };
  const { promotions: fieldManager } = fieldManagers;
  const bytes = await keptSecret(client, { at, field: 'key', make, fieldManager }, signal);
  if (bytes.length !== KEY_BYTES)
    throw new Error(`Secret ${namespace}/${configurationKeySecret} holds no key: delete it, and another is made`);
  return { id: hmac(bytes, 'twinlock configuration key').slice(0, 16), bytes };
}

/** Digest of what a ConfigMap holds, by which anybody may compare. */
export function configMapDigest(object: ConfigMap): ContentDigest {
  return { digest: digestOf(contentOf(object)) };
}

/**
 * Digest of what a Secret holds, keyed: a plain one would let whoever reads a statement try likely values. The name is in
 * it, so that equal values of two Secrets do not look equal.
 */
export function secretDigest(object: Secret, { id, bytes }: DigestKey): ContentDigest {
  const { namespace = '', name } = object.metadata;
  const text = canonicalJSON({ namespace, name, content: contentOf(object) });
  return { digest: `hmac-sha256:${hmac(bytes, text)}`, key: id };
}

/** Everything but the metadata, as the policy `configuration` compares it. */
function contentOf({ apiVersion: _version, kind: _kind, metadata: _metadata, ...content }: KubeObject): object {
  return content;
}

function hmac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

function make(): Buffer {
  return randomBytes(KEY_BYTES);
}
