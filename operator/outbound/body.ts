import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { OutboundError } from './errors.ts';

/** What is asked for; a server may answer with any of `DECODERS` all the same. */
export const ACCEPT_ENCODING = 'gzip';

type Decode = (data: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/**
 * Reads a body to its end, at most `maxBytes` of it as it came and as many when decompressed (RFC 9110, 8.4). It ends the
 * body, or the decompression, as soon as there is more.
 *
 * @param encoding the header Content-Encoding; one compression at most, since each layer multiplies
 * @throws OutboundError `TooLarge` or `BadEncoding`; whatever the body itself fails with
 */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.byteLength;
    // Leaving the loop cuts the connection.
    if (size > maxBytes) throw tooLarge(maxBytes);
    parts.push(part);
  }
  return decoded(Buffer.concat(parts), (encoding ?? 'identity').trim().toLowerCase(), maxBytes);
}

async function decoded(data: Buffer, encoding: string, maxOutputLength: number): Promise<Buffer> {
  // Answers to HEAD name an encoding and have nothing in it.
  if (encoding === 'identity' || encoding === '' || data.byteLength === 0) return data;
  const decode = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined;
  if (decode === undefined) throw new OutboundError('BadEncoding', 'the answer is encoded in a way that is not read');
  try {
    return await decode(data, { maxOutputLength });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxOutputLength);
    throw new OutboundError('BadEncoding', 'the answer is not what its encoding says', error);
  }
}

function tooLarge(maxBytes: number): OutboundError {
  return new OutboundError('TooLarge', `the answer is larger than ${maxBytes} bytes`);
}
