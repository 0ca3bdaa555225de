import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { environmentReasons, keyringReasons, targetReasons } from '../../operator/api/index.ts';
import { voteReasons } from '../../operator/votes/index.ts';

const root = join(import.meta.dirname, '../..');
const text = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
const matches = (source: string, pattern: RegExp): string[] => [...source.matchAll(pattern)].map(([, it = '']) => it);

/** The reasons in the first column of the tables below a heading. */
async function explained(heading: string): Promise<readonly string[]> {
  const sections = (await text('docs/reasons.md')).split(/^## /m);
  const section = sections.find((each) => each.startsWith(`${heading}\n`)) ?? '';
  return matches(section, /^\| (`[^|]+)\|/gm).flatMap((row) => matches(row, /`(\w+)`/g));
}

const unions: readonly (readonly [heading: string, reasons: readonly string[]])[] = [
  ['TwinEnvironment', environmentReasons],
  ['ProductionTarget', targetReasons],
  ['ApproverKeyring', keyringReasons],
  ['Votes', voteReasons],
];
for (const [heading, reasons] of unions)
  test(`every reason of ${heading} is explained once, and no other`, async (t) => {
    const rows = await explained(heading);
    t.deepEqual(rows.toSorted(), reasons.toSorted());
    t.is(new Set(rows).size, rows.length);
  });

test('every reason that stops a promotion is explained, and nothing that no code says', async (t) => {
  const files = (await readdir(join(root, 'operator'), { recursive: true })).filter((file) => file.endsWith('.ts'));
  const all = await Promise.all(files.map(async (file) => [file, await text(`operator/${file}`)] as const));
  const code = all.map(([, source]) => source).join('\n');
  const own = all.flatMap(([file, source]) => (file.startsWith('promotions/') ? [source] : [])).join('\n');
  const rows = await explained('Promotion');
  const stopping = matches(own, /\b(?:stall|pending)\(\s*'([A-Z]\w+)'/g);
  t.true(stopping.length > 10);
  t.deepEqual(
    stopping.filter((reason) => !rows.includes(reason)),
    [],
  );
  t.deepEqual(
    rows.filter((reason) => !code.includes(`'${reason}'`)),
    [],
  );
});
