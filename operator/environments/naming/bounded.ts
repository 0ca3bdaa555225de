import { createHash } from 'node:crypto';

/**
 * Bounds of what Twinlock composes of names, each of which is legal by itself.
 *
 * kube-proxy comments what it gives to nftables with `<namespace>/<service>:<port>`; nft takes 128 characters
 * (NFTNL_UDATA_COMMENT_MAXLEN), and past that kube-proxy programs no Service of the whole cluster any more. A Service's
 * name has up to 63, a port's up to 15.
 */
const KUBE_PROXY_MAX = 128;
const SERVICE_MAX = 63;
const PORT_NAME_MAX = 15;
/** RFC 1035, section 2.3.4: a label of a host name; Kubernetes' names of namespaces and values of labels too. */
const LABEL_MAX = 63;

/** The longest name of an environment's namespace: what kube-proxy leaves, less some that a part's host wants. */
export const NAMESPACE_MAX = Math.min(KUBE_PROXY_MAX - '/'.length - SERVICE_MAX - ':'.length - PORT_NAME_MAX, 40);

const HASH_LENGTH = 8;
/** RFC 4648 base32 in lower case: every letter is allowed in a DNS label. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** A DNS label of at most `max` characters: what can be read of a name, and a hash that tells it from all others. */
export function hashedLabel(name: string, parts: readonly string[], max: number): string {
  const stem = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, max - HASH_LENGTH - 1)
    .replace(/^-+|-+$/g, '');
  return `${stem === '' ? 'environment'.slice(0, max - HASH_LENGTH - 1) : stem}-${shortHash(parts)}`;
}

/**
 * One label of a host that names a part of an environment: `<component>--<namespace>`. The namespace has no `--` in it, so
 * that what stands after the last one is always it. A component that there is no room for is shortened, as is one that would
 * make a label of hyphens in third and fourth place, which RFC 5890, section 2.3.1, reserves.
 */
export function componentLabel(component: string, namespace: string): string {
  const room = LABEL_MAX - '--'.length - namespace.length;
  const whole = component.length <= room && `${component}--`.slice(2, 4) !== '--';
  return `${whole ? component : hashedLabel(component, [component], room)}--${namespace}`;
}

/**
 * What runs content of a component once: content that was run already has a name that is there. Kubernetes labels its pods
 * with it.
 */
export function runName(component: string, content: string): string {
  return hashedLabel(component, [component, content], LABEL_MAX);
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
