/** The field prime of RFC 8032 section 5.1, 2^255 - 19. */
const P = 2n ** 255n - 19n;
/** The group order of RFC 8032 section 5.1. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const SIGN_BIT = 2n ** 255n;

/**
 * The y coordinates of the eight points of small order: of order 1, 2, 4 (two), and 8 (four, two coordinates). With
 * both sign bits, and with the two that have a second encoding below 2^255 (y = p, p + 1), these are the 14 encodings
 * under which OpenSSL accepts forged signatures.
 */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  P - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

/** True when signatures under this public key (32 bytes) prove possession of a private key. */
export function isSoundEd25519Point(encoded: Uint8Array): boolean {
  if (encoded.length !== 32) return false;
  const y = littleEndian(encoded) % SIGN_BIT;
  // y >= p encodes a second time what y - p encodes; RFC 8032 section 5.1.3 refuses it, OpenSSL does not.
  return y < P && !SMALL_ORDER_Y.has(y);
}

/** RFC 8032 section 5.1.7: S below the group order, else anybody can make a second signature out of a first. */
export function hasCanonicalS(signature: Uint8Array): boolean {
  return signature.length === 64 && littleEndian(signature.subarray(32)) < L;
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`);
}
