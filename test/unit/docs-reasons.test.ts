import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';

const root = join(import.meta.dirname, '../..');
const text = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
const matches = (source: string, pattern: RegExp): string[] => [...source.matchAll(pattern)].map(([, it = '']) => it);

test('every reason that stops something is explained, and nothing else is', async (t) => {
  const files = (await readdir(join(root, 'operator'), { recursive: true })).filter((file) => file.endsWith('.ts'));
  const code = (await Promise.all(files.map((file) => text(`operator/${file}`)))).join('\n');
  const stopping = matches(code, /\b(?:problem|stall|pending)\(\s*'([A-Z]\w+)'/g);
  const ofVotes = matches(await text('operator/votes/types.ts'), /^ {2}\| '([A-Z]\w+)'/gm);
  const rows = matches(await text('docs/reasons.md'), /^\| (`[^|]+)\|/gm);
  const explained = rows.flatMap((row) => matches(row, /`(\w+)`/g));
  t.true(stopping.length > 40 && ofVotes.length > 20);
  t.deepEqual(
    [...stopping, ...ofVotes].filter((reason) => !explained.includes(reason)),
    [],
  );
  t.deepEqual(
    explained.filter((reason) => !code.includes(`'${reason}'`)),
    [],
  );
});
