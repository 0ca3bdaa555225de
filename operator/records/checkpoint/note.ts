import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/**
 * Signed notes (C2SP signed-note): a text that ends in a line break, an empty line, and lines of signatures by name and
 * key id. Ed25519 only. Who does not know a key passes its lines over, so that others can sign the same text.
 */
export interface Note {
  /** What is signed, with its final line break. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

interface NoteSignature {
  readonly name: string;
  /** Four bytes, in hexadecimal: tells keys of one name apart and proves nothing. */
  readonly keyId: string;
  readonly signature: Buffer;
}

/** A key whose signatures count. */
export interface NoteKey {
  readonly name: string;
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

/** Characters of a note: our own is of 600 at most, and witnesses may add a dozen lines. */
const MAX_NOTE = 16_384;
const MAX_SIGNATURES = 64;
/** The signature type of C2SP signed-note: Ed25519. */
const ED25519 = Buffer.from([0x01]);
const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;
const KEY_LINE = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/;

/** @returns undefined for what is no note, and for one that is larger than any sound one */
export function parseNote(note: string): Note | undefined {
  if (note.length > MAX_NOTE || !note.endsWith('\n') || /(?!\n)\p{Cc}/u.test(note)) return undefined;
  const end = note.lastIndexOf('\n\n');
  if (end < 0) return undefined;
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name, base64 = ''] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = Buffer.from(base64, 'base64');
    if (name === undefined || bytes.length < 5 || bytes.toString('base64') !== base64) return undefined;
    signatures.push({ name, keyId: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) });
  }
  return { text: note.slice(0, end + 1), signatures };
}

/** The note of a text under one signature. */
export function signNote(text: string, name: string, privateKey: KeyObject): string {
  const id = keyId(name, rawPublicKey(createPublicKey(privateKey)));
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString('base64');
  return `${text}\n— ${name} ${signature}\n`;
}

/**
 * The keys that signed. Like every verifier of notes it passes over unknown keys, and believes a note nothing in which the
 * signature of a known one is not its own.
 */
export function signersOf({ text, signatures }: Note, keys: readonly NoteKey[]): readonly NoteKey[] {
  const signers: NoteKey[] = [];
  for (const { name, keyId: id, signature } of signatures) {
    const key = keys.find((each) => each.name === name && each.keyId === id);
    if (key === undefined) continue;
    if (!verify(null, Buffer.from(text), key.publicKey, signature)) return [];
    signers.push(key);
  }
  return signers;
}

/** The line by which people hand a key on: `<name>+<key id>+<type and key in base64>`. */
export function keyLine(name: string, publicKey: KeyObject): string {
  const raw = rawPublicKey(publicKey);
  return `${name}+${keyId(name, raw).toString('hex')}+${Buffer.concat([ED25519, raw]).toString('base64')}`;
}

/** @returns undefined for what is no line of an Ed25519 key, or of one whose id is another */
export function parseKeyLine(line: string): NoteKey | undefined {
  const [, name, id, base64 = ''] = KEY_LINE.exec(line.trim()) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  if (name === undefined || id === undefined || bytes.length !== 33 || !bytes.subarray(0, 1).equals(ED25519))
    return undefined;
  const raw = bytes.subarray(1);
  if (bytes.toString('base64') !== base64 || keyId(name, raw).toString('hex') !== id) return undefined;
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
    format: 'jwk',
  });
  return { name, keyId: id, publicKey };
}

function keyId(name: string, raw: Buffer): Buffer {
  return createHash('sha256').update(`${name}\n`).update(ED25519).update(raw).digest().subarray(0, 4);
}

function rawPublicKey(publicKey: KeyObject): Buffer {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}
