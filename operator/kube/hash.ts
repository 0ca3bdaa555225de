import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** Digest of a JSON value by its canonical form (RFC 8785): 128 bits of SHA-256 in hex. */
export function hashOf(value: unknown): string {
  // undefined fields are left out, as JSON.stringify does when the object is sent.
  const canonical = canonicalize(JSON.parse(JSON.stringify(value)));
  return createHash('sha256')
    .update(canonical ?? '')
    .digest()
    .toString('hex', 0, 16);
}
