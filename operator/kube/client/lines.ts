const newline = 10;

/** Splits a stream of bytes into its lines; what follows the last newline is dropped, for a line cut short is no line. */
export async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  let held: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const rest = chunk.subarray(start, end);
      const line = held.length === 0 ? rest : Buffer.concat([...held, rest]);
      held = [];
      start = end + 1;
      // Decoded as a whole, so that a character split between two chunks survives.
      if (line.length > 0) yield Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8');
    }
    if (start < chunk.length) held.push(chunk.subarray(start));
  }
}
