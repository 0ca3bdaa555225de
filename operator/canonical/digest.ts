import { createHash } from 'node:crypto';
import { canonicalJSON } from './json.ts';

/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** A digest as this module writes it. */
export const DIGEST = /^sha256:[a-f0-9]{64}$/;

/** True for {@link DIGEST}. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && DIGEST.test(text);
}

/** Digest of bytes, or of the UTF-8 of a text. */
export function digestOfBytes(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * Digest of a JSON value over its RFC 8785 text: key order and spacing do not matter, everything else does.
 *
 * @throws CanonicalError when the value has no canonical form (see {@link canonicalJSON}).
 */
export function digestOf(value: unknown): Digest {
  return digestOfBytes(canonicalJSON(value));
}
