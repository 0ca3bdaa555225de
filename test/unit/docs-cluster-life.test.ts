import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { LIFE } from '../attack/life-page.ts';

const attacks = join(import.meta.dirname, '../attack');
const sources = readdirSync(attacks)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(attacks, name), 'utf8'));
const heard = new Set(
  sources.flatMap((source) =>
    [...source.matchAll(/words\('([^']+)'(?:, (\d))?\)/g)].map(([, actor = '', which = '0']) => `${actor} ${which}`),
  ),
);

test('every refusal that the page about the life of a cluster quotes is heard by a test, and every row has one', (t) => {
  t.true(LIFE.length >= 17);
  t.is(new Set(LIFE.map(({ actor }) => actor)).size, LIFE.length);
  for (const { actor, words } of LIFE) {
    t.true(words.length > 0, `${actor} quotes no refusal`);
    // The words of a mesh that nothing names are heard where its pods are made (pod-mutators.ts).
    const quoted = words.map((_, which) => `${actor} ${which}`).filter((each) => !/^(Istio|Linkerd) 0$/.test(each));
    t.deepEqual(
      quoted.filter((each) => !heard.has(each)),
      [],
    );
  }
});
