import test from 'ava';
import * as fc from 'fast-check';
import { lines } from '../../operator/kube/client/lines.ts';

async function* cutAt(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const end of [...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b)) {
    yield bytes.subarray(start, end);
    start = end;
  }
  yield bytes.subarray(start);
}

test('lines come out whole however the stream is cut, and an unfinished last one does not', async (t) => {
  const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\n\r]/.test(text));
  await fc.assert(
    fc.asyncProperty(fc.array(line), line, fc.array(fc.nat()), async (whole, unfinished, cuts) => {
      const bytes = Buffer.from(`${whole.map((each) => `${each}\n`).join('')}${unfinished}`);
      const found: string[] = [];
      for await (const each of lines(cutAt(bytes, cuts))) found.push(each);
      t.deepEqual(
        found,
        whole.map((each) => Buffer.from(each).toString()),
      );
    }),
  );
});
