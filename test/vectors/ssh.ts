/** Stock ssh-keygen, and an SSHSIG writer of the tests' own, to make what ssh-keygen would not. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const NAMESPACE = 'vote.v1@twinlock.dev';

/** A private key of ssh-keygen's making. */
export interface StockKey {
  readonly line: string;
  readonly sign: (text: string, options?: { namespace?: string; hash?: 'sha256' | 'sha512' }) => string;
}

export interface Workshop {
  readonly makeKey: (...type: string[]) => StockKey;
  /** `ssh-keygen -Y verify` for the principal alice. */
  readonly stockVerifies: (armor: string, text: string, signers: string, options?: readonly string[]) => boolean;
  readonly remove: () => void;
}

/** One temporary folder with ssh-keygen in it; `remove` at the end of the test file. */
export function workshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'votes-'));
  let serial = 0;
  const makeKey = (...type: string[]): StockKey => {
    const file = join(folder, `key${serial++}`);
    execFileSync('ssh-keygen', ['-q', '-t', ...type, '-N', '', '-C', 'approver@example', '-f', file]);
    return {
      line: readFileSync(`${file}.pub`, 'utf8'),
      sign: (text, { namespace = NAMESPACE, hash = 'sha512' } = {}) => {
        const message = join(folder, `message${serial++}`);
        writeFileSync(message, text);
        execFileSync(
          'ssh-keygen',
          ['-q', '-Y', 'sign', '-f', file, '-n', namespace, '-O', `hashalg=${hash}`, message],
          {
            stdio: ['ignore', 'pipe', 'ignore'],
          },
        );
        return readFileSync(`${message}.sig`, 'utf8');
      },
    };
  };
  const verifies = (armor: string, text: string, signers: string, options: readonly string[] = []): boolean => {
    const [signature, allowed] = [join(folder, `sig${serial++}`), join(folder, `signers${serial++}`)];
    writeFileSync(signature, armor, 'latin1');
    writeFileSync(allowed, signers);
    const checked = spawnSync(
      'ssh-keygen',
      ['-Y', 'verify', '-f', allowed, '-I', 'alice', '-n', NAMESPACE, '-s', signature, ...options],
      { input: text },
    );
    return checked.status === 0;
  };
  return { makeKey, stockVerifies: verifies, remove: () => rmSync(folder, { recursive: true }) };
}

/** `ssh-keygen -l`. */
export function stockFingerprint(line: string): string {
  return execFileSync('ssh-keygen', ['-l', '-f', '-'], { input: line, encoding: 'utf8' }).split(' ')[1] ?? '';
}

export function string(bytes: Uint8Array | string): Buffer {
  const body = Buffer.from(bytes);
  return Buffer.concat([uint32(body.length), body]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** RFC 4251 mpint of an unsigned big-endian integer. */
export function mpint(unsigned: Uint8Array): Buffer {
  const first = unsigned.findIndex((byte) => byte !== 0);
  const body = Buffer.from(first < 0 ? [] : unsigned.subarray(first));
  return string((body[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), body]) : body);
}

export interface Parts {
  readonly magic: string;
  readonly version: number;
  readonly publicKey: Uint8Array;
  readonly namespace: string;
  readonly reserved: string;
  readonly hash: string;
  readonly signature: Uint8Array;
  readonly trailing: Uint8Array;
}

export function armored(parts: Pick<Parts, 'publicKey' | 'signature'> & Partial<Parts>): string {
  return armor(
    Buffer.concat([
      Buffer.from(parts.magic ?? 'SSHSIG'),
      uint32(parts.version ?? 1),
      string(parts.publicKey),
      string(parts.namespace ?? NAMESPACE),
      string(parts.reserved ?? ''),
      string(parts.hash ?? 'sha512'),
      string(parts.signature),
      parts.trailing ?? Buffer.alloc(0),
    ]),
  );
}

export function armor(bytes: Uint8Array, width = 70): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`;
}

export function dearmored(text: string): Buffer {
  return Buffer.from(text.replace(/-----[A-Z ]+-----/g, ''), 'base64');
}

/** What is signed for a message (OpenSSH PROTOCOL.sshsig). */
export function toSign(text: string | Uint8Array, hash = 'sha512', namespace = NAMESPACE): Buffer {
  return Buffer.concat([
    Buffer.from('SSHSIG'),
    string(namespace),
    string(''),
    string(hash),
    string(createHash(hash).update(text).digest()),
  ]);
}

/** A key whose private half is at hand, in OpenSSH's encoding. */
export interface MadeKey {
  readonly type: string;
  readonly blob: Buffer;
  readonly line: string;
  readonly privateKey: KeyObject;
}

export function madeKey(type: string, privateKey: KeyObject, ...fields: Uint8Array[]): MadeKey {
  const blob = Buffer.concat([string(type), ...fields.map((field) => string(field))]);
  return { type, blob, line: `${type} ${blob.toString('base64')}`, privateKey };
}

export function ed25519Key(): MadeKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return madeKey('ssh-ed25519', privateKey, jwkBytes(publicKey, 'x'));
}

export function rsaKey(bits: number, publicExponent = 65_537): MadeKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent });
  const blob = Buffer.concat([string('ssh-rsa'), mpint(jwkBytes(publicKey, 'e')), mpint(jwkBytes(publicKey, 'n'))]);
  return { type: 'ssh-rsa', blob, line: `ssh-rsa ${blob.toString('base64')}`, privateKey };
}

export function ecdsaKey(): MadeKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return madeKey('ecdsa-sha2-nistp256', privateKey, Buffer.from('nistp256'), pointOf(publicKey));
}

/** A security key in software: the layout of OpenSSH PROTOCOL.u2f. */
export function securityKey(algorithm: 'ed25519' | 'ecdsa', application = 'ssh:'): MadeKey {
  if (algorithm === 'ed25519') {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    return madeKey('sk-ssh-ed25519@openssh.com', privateKey, jwkBytes(publicKey, 'x'), Buffer.from(application));
  }
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const fields = [Buffer.from('nistp256'), pointOf(publicKey), Buffer.from(application)];
  return madeKey('sk-ecdsa-sha2-nistp256@openssh.com', privateKey, ...fields);
}

/** Signs as the authenticator does: SHA-256(application), flags, counter, SHA-256(data). */
export function securityKeySignature(
  key: MadeKey,
  text: string,
  { flags = 1, counter = 7, application = 'ssh:', hash = 'sha512' } = {},
): string {
  const state = Buffer.concat([Buffer.of(flags), uint32(counter)]);
  const data = Buffer.concat([digest(application), state, digest(toSign(text, hash))]);
  const raw = key.type.includes('ed25519') ? sign(null, data, key.privateKey) : ecdsaBlob(data, key.privateKey);
  const signature = Buffer.concat([string(key.type), string(raw), state]);
  return armored({ publicKey: key.blob, signature, hash });
}

/** An armored vote of a made key over a text, with the touch of a security key. */
export function signed(key: MadeKey, text: string): string {
  if (key.type.startsWith('sk-')) return securityKeySignature(key, text);
  const raw =
    key.type === 'ssh-ed25519' ? sign(null, toSign(text), key.privateKey) : ecdsaBlob(toSign(text), key.privateKey);
  return armored({ publicKey: key.blob, signature: Buffer.concat([string(key.type), string(raw)]) });
}

function digest(data: Uint8Array | string): Buffer {
  return createHash('sha256').update(data).digest();
}

/** The two mpints of an ECDSA signature. */
export function ecdsaBlob(data: Uint8Array, privateKey: KeyObject): Buffer {
  const raw = sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return Buffer.concat([mpint(raw.subarray(0, 32)), mpint(raw.subarray(32))]);
}

function pointOf(key: KeyObject): Buffer {
  return Buffer.concat([Buffer.of(4), jwkBytes(key, 'x'), jwkBytes(key, 'y')]);
}

function jwkBytes(key: KeyObject, member: 'x' | 'y' | 'n' | 'e'): Buffer {
  return Buffer.from(String(key.export({ format: 'jwk' })[member]), 'base64url');
}
