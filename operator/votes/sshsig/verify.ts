import { constants, createHash, verify } from 'node:crypto';
import { hasCanonicalS } from './ed25519.ts';
import { SignatureError } from './errors.ts';
import type { KeyType } from '../terms/names.ts';
import type { KeyMaterial, PublicKey } from './keys.ts';
import { signedData, type Sshsig } from './sshsig.ts';
import { WireReader } from './wire.ts';

/** Which signature algorithms each enrolled key may use: RFC 8332 without SHA-1, else its own name. */
const ALGORITHMS: Readonly<Record<KeyType, Readonly<Record<string, string>>>> = {
  'ssh-ed25519': { 'ssh-ed25519': 'none' },
  'ecdsa-sha2-nistp256': { 'ecdsa-sha2-nistp256': 'sha256' },
  'ecdsa-sha2-nistp384': { 'ecdsa-sha2-nistp384': 'sha384' },
  'ecdsa-sha2-nistp521': { 'ecdsa-sha2-nistp521': 'sha512' },
  'ssh-rsa': { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' },
  'sk-ssh-ed25519@openssh.com': { 'sk-ssh-ed25519@openssh.com': 'none' },
  'sk-ecdsa-sha2-nistp256@openssh.com': { 'sk-ecdsa-sha2-nistp256@openssh.com': 'sha256' },
};
/** Flags of an authenticator (WebAuthn section 6.1), read by mask: others may be set too. */
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;

/** What policy or key ask for beyond a valid signature. */
export interface Requirements {
  /** Only a security key can prove a touch, so a key in software fails this. */
  readonly touch?: boolean | undefined;
  readonly userVerification?: boolean | undefined;
}

/**
 * True when the enrolled key signed this message. The key inside the signature must be the same one but is not used.
 *
 * @throws SignatureError when the signature cannot be one of this key whatever the message.
 */
export function signatureMatches(sshsig: Sshsig, key: PublicKey, message: Uint8Array | string): boolean {
  if (!key.blob.equals(sshsig.publicKey))
    throw new SignatureError('NotEnrolled', 'it was made with another key than the enrolled one');
  const algorithms = ALGORITHMS[key.type];
  const hash = Object.hasOwn(algorithms, sshsig.algorithm) ? algorithms[sshsig.algorithm] : undefined;
  if (hash === undefined)
    throw new SignatureError(
      'UnsupportedAlgorithm',
      `this signature algorithm is not accepted for a key of type ${key.type}`,
    );
  return verifies(key.material, hash, dataOf(sshsig, key, message), sshsig.signature);
}

/** Why a signature proves less about the person at the key than is asked for, or undefined. */
export function presenceProblem(
  sshsig: Sshsig,
  { touch, userVerification }: Requirements,
): { readonly reason: 'TouchMissing' | 'UserVerificationMissing'; readonly message: string } | undefined {
  const flags = sshsig.securityKey?.flags;
  // A security key that was made with no-touch-required is no better than a file: never accepted.
  if (flags === undefined ? touch === true : (flags & USER_PRESENT) === 0)
    return {
      reason: 'TouchMissing',
      message: 'a touch is required: sign with a security key (ssh-keygen -t ed25519-sk) and touch it',
    };
  if (userVerification === true && ((flags ?? 0) & USER_VERIFIED) === 0)
    return {
      reason: 'UserVerificationMissing',
      message: 'a PIN or fingerprint is required: sign with a security key made with -O verify-required',
    };
  return undefined;
}

/** OpenSSH PROTOCOL.u2f: a security key signs the application, flags and counter with the hash of the data. */
function dataOf(sshsig: Sshsig, key: PublicKey, message: Uint8Array | string): Buffer {
  const data = signedData(sshsig, message);
  if (key.application === undefined || sshsig.securityKey === undefined) return data;
  const { flags, counter } = sshsig.securityKey;
  const state = Buffer.alloc(5);
  state.writeUInt8(flags);
  state.writeUInt32BE(counter, 1);
  return Buffer.concat([sha256(key.application), state, sha256(data)]);
}

function verifies(material: KeyMaterial, hash: string, data: Buffer, signature: Buffer): boolean {
  switch (material.algorithm) {
    case 'ed25519':
      return hasCanonicalS(signature) && verify(null, data, material.key, signature);
    case 'ecdsa':
      return verify(
        hash,
        data,
        { key: material.key, dsaEncoding: 'ieee-p1363' },
        fixedLength(signature, material.fieldBytes),
      );
    case 'rsa':
      // OpenSSH pads shorter ones; ssh-keygen makes none.
      if (signature.length !== material.modulusBytes) return false;
      return verify(hash, data, { key: material.key, padding: constants.RSA_PKCS1_PADDING }, signature);
  }
}

/** RFC 5656 section 3.1.2: two integers; node wants them side by side in the length of the field. */
function fixedLength(signature: Buffer, fieldBytes: number): Buffer {
  const reader = new WireReader(signature);
  const integers = [reader.positiveInteger(), reader.positiveInteger()];
  reader.end();
  if (integers.some(({ length }) => length > fieldBytes))
    throw new SignatureError('BadEncoding', 'the signature is longer than its curve allows');
  return Buffer.concat(integers.map((integer) => Buffer.concat([Buffer.alloc(fieldBytes - integer.length), integer])));
}

function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
