import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { isSoundEd25519Point } from './ed25519.ts';
import { MAX_KEY_CHARACTERS, MIN_RSA_BITS, type KeyType } from '../terms/names.ts';
import { SignatureError } from './errors.ts';
import { canonicalBase64, WireReader } from './wire.ts';

/** The curves of RFC 5656, with the hash that section 6.2.1 ties to each. */
const CURVES = {
  nistp256: { jwk: 'P-256', fieldBytes: 32, hash: 'sha256' },
  nistp384: { jwk: 'P-384', fieldBytes: 48, hash: 'sha384' },
  nistp521: { jwk: 'P-521', fieldBytes: 66, hash: 'sha512' },
} as const;
/** The largest that OpenSSL verifies with. */
const MAX_RSA_BITS = 16_384;

/** How a signature of this key is checked. */
export type KeyMaterial =
  | { readonly algorithm: 'ed25519'; readonly key: KeyObject }
  | { readonly algorithm: 'ecdsa'; readonly key: KeyObject; readonly fieldBytes: number; readonly hash: string }
  | { readonly algorithm: 'rsa'; readonly key: KeyObject; readonly modulusBytes: number };

/** A public key that is fit for approvals. */
export interface PublicKey {
  readonly type: KeyType;
  /** The key as OpenSSH encodes it; equal blobs are equal keys. */
  readonly blob: Buffer;
  /** As `ssh-keygen -l` prints it: `SHA256:...`. */
  readonly fingerprint: string;
  readonly comment: string;
  readonly material: KeyMaterial;
  /** A security key signs this along (OpenSSH PROTOCOL.u2f); undefined for keys in software. */
  readonly application: Buffer | undefined;
}

export type ParsedKey =
  | { readonly ok: true; readonly key: PublicKey }
  | { readonly ok: false; readonly reason: SignatureError['code']; readonly message: string };

/**
 * Reads one line of an OpenSSH public key file, `type base64 comment`, strictly: no options, no certificate, one
 * canonical encoding, and only keys whose signatures prove something (security: "SSHSIG verification"). Never throws.
 */
export function parsePublicKey(line: string): ParsedKey {
  const known = parsed.get(line);
  if (known !== undefined) return known;
  const result = readLineOrRefuse(line);
  if (!result.ok) return result;
  if (parsed.size >= MAX_REMEMBERED) parsed.clear();
  parsed.set(line, result);
  return result;
}

/** Every count parses the whole keyring, and importing a key costs 0.1 ms; the same line is always the same key. */
const parsed = new Map<string, ParsedKey>();
const MAX_REMEMBERED = 4096;

function readLineOrRefuse(line: string): ParsedKey {
  try {
    return { ok: true, key: readLine(line) };
  } catch (error) {
    if (error instanceof SignatureError) return { ok: false, reason: error.code, message: error.message };
    // OpenSSL's own refusals (a point off the curve).
    return {
      ok: false,
      reason: 'WeakKey',
      message: 'the key has impossible parameters: make a new one with ssh-keygen',
    };
  }
}

/**
 * The fingerprint of what a line enrols, also where the key cannot be used: it tells a weak key from a stranger's.
 * Undefined where the line has no base64 of a key.
 */
export function enrolledFingerprint(line: string): string | undefined {
  if (typeof line !== 'string' || line.length > MAX_KEY_CHARACTERS) return undefined;
  const blob = canonicalBase64(line.trim().split(/\s+/)[1] ?? '');
  return blob === undefined ? undefined : fingerprintOf(blob);
}

/** `SHA256:` and the unpadded base64 of the blob's SHA-256. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
}

function readLine(line: string): PublicKey {
  if (typeof line !== 'string' || line.length > MAX_KEY_CHARACTERS) throw badLine();
  const match = /^([a-z0-9@.-]+) ([A-Za-z0-9+/=]+)(?: ([^\r\n]*))?\n?$/.exec(line);
  const [, type = '', base64 = '', comment = ''] = match ?? [];
  if (match === null) throw badLine();
  if (!isKeyType(type))
    throw new SignatureError(
      'UnsupportedKeyType',
      `only ed25519, ecdsa, rsa (${MIN_RSA_BITS} bits or more) and their security-key forms are accepted, no certificates and no DSA`,
    );
  const blob = canonicalBase64(base64);
  if (blob === undefined) throw badLine();
  const reader = new WireReader(blob);
  if (reader.text() !== type) throw new SignatureError('BadEncoding', 'the key is of another type than its line says');
  const material = MATERIAL[type](reader);
  const application = type.startsWith('sk-') ? readApplication(reader) : undefined;
  reader.end();
  return { type, blob, fingerprint: fingerprintOf(blob), comment: comment.trim(), material, application };
}

const MATERIAL: Readonly<Record<KeyType, (reader: WireReader) => KeyMaterial>> = {
  'ssh-ed25519': readEd25519,
  'ecdsa-sha2-nistp256': (reader) => readEcdsa(reader, 'nistp256'),
  'ecdsa-sha2-nistp384': (reader) => readEcdsa(reader, 'nistp384'),
  'ecdsa-sha2-nistp521': (reader) => readEcdsa(reader, 'nistp521'),
  'ssh-rsa': readRsa,
  'sk-ssh-ed25519@openssh.com': readEd25519,
  'sk-ecdsa-sha2-nistp256@openssh.com': (reader) => readEcdsa(reader, 'nistp256'),
};

function isKeyType(type: string): type is KeyType {
  return Object.hasOwn(MATERIAL, type);
}

/** RFC 8709 section 4. */
function readEd25519(reader: WireReader): KeyMaterial {
  const point = reader.string();
  if (!isSoundEd25519Point(point)) throw weakKey('its point would let anybody sign');
  return { algorithm: 'ed25519', key: imported({ kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') }) };
}

/** RFC 5656 section 3.1; the uncompressed form only, as OpenSSH writes it. The import checks that it is on the curve. */
function readEcdsa(reader: WireReader, name: keyof typeof CURVES): KeyMaterial {
  const { jwk, fieldBytes, hash } = CURVES[name];
  if (reader.text() !== name) throw new SignatureError('BadEncoding', 'the key is on another curve than its type says');
  const point = reader.string();
  if (point.length !== 1 + 2 * fieldBytes || point[0] !== 4)
    throw new SignatureError('BadEncoding', 'the point of the key is not in the uncompressed form');
  const x = point.subarray(1, 1 + fieldBytes).toString('base64url');
  const y = point.subarray(1 + fieldBytes).toString('base64url');
  return { algorithm: 'ecdsa', key: imported({ kty: 'EC', crv: jwk, x, y }), fieldBytes, hash };
}

/** RFC 4253 section 6.6. */
function readRsa(reader: WireReader): KeyMaterial {
  const e = reader.positiveInteger();
  const n = reader.positiveInteger();
  const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24;
  if (bits < MIN_RSA_BITS) throw weakKey(`it has ${bits} bits and RSA needs ${MIN_RSA_BITS}`);
  if (bits > MAX_RSA_BITS) throw weakKey(`it has ${bits} bits and at most ${MAX_RSA_BITS} can be verified`);
  // FIPS 186-5 appendix A.1.1. With e = 1 every text would be its own signature.
  const exponent = e.length > 4 ? 0 : e.readUIntBE(0, e.length);
  if (exponent < 65_537 || exponent % 2 === 0 || (n.at(-1) ?? 0) % 2 === 0) throw weakKey('its numbers are unsafe');
  const key = imported({ kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') });
  return { algorithm: 'rsa', key, modulusBytes: n.length };
}

/** ssh-keygen makes no other; a web origin here would let a web page ask the same security key. */
function readApplication(reader: WireReader): Buffer {
  const application = reader.string();
  if (application.subarray(0, 4).toString('latin1') !== 'ssh:') throw weakKey('its application is not ssh:');
  return application;
}

function imported(jwk: JsonWebKey): KeyObject {
  return createPublicKey({ key: jwk, format: 'jwk' });
}

function weakKey(why: string): SignatureError {
  return new SignatureError('WeakKey', `the key is unfit, ${why}: make a new one with ssh-keygen -t ed25519`);
}

function badLine(): SignatureError {
  return new SignatureError('BadEncoding', 'this is no OpenSSH public key: paste the one line of the .pub file');
}
