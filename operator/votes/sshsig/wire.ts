import { encodingError } from './errors.ts';

/** Larger than any integer of a 16384-bit RSA key; OpenSSH's own limit. */
const MAX_MPINT_BYTES = 2049;

/** Reads RFC 4251 section 5 data types from hostile bytes; throws SignatureError `BadEncoding`. */
export class WireReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#offset) throw encodingError('the data ends too early: copy all of it');
    const taken = this.#bytes.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return taken;
  }

  byte(): number {
    return this.take(1).readUInt8();
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.uint32());
  }

  /** A name or namespace: printable US-ASCII only, so that equal text means equal bytes. */
  text(): string {
    const bytes = this.string();
    if (!bytes.every((byte) => byte >= 0x20 && byte <= 0x7e)) throw encodingError('a name holds unprintable bytes');
    return bytes.toString('latin1');
  }

  /** A positive integer in its one minimal form, without the sign byte. */
  positiveInteger(): Buffer {
    const bytes = this.string();
    const [first = 0, second = 0] = bytes;
    if (bytes.length === 0 || bytes.length > MAX_MPINT_BYTES) throw encodingError('an integer is zero or too large');
    if (first >= 0x80) throw encodingError('an integer is negative');
    if (first !== 0) return bytes;
    if (second < 0x80) throw encodingError('an integer is not in its minimal form');
    return bytes.subarray(1);
  }

  /** Nothing may follow: trailing bytes would give one signature many armors. */
  end(): void {
    if (this.#offset !== this.#bytes.length) throw encodingError('there are bytes after the end');
  }
}

/** RFC 4251 `string`. */
export function wireString(bytes: Uint8Array | string): Buffer {
  const body = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** Base64 (RFC 4648 section 4) in its one canonical form: padded, no stray bits, no other characters. */
export function canonicalBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined;
}
