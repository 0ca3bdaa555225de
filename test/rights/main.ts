/**
 * Takes each right of each process away, one at a time, and runs a test that used it: it has to fail.
 * Usage: node test/rights/main.ts [--sample 6] [--seed 1] [--jobs 2] ["promotions: get pods" ...]
 * After a run of the phases cluster, attack and chaos, which write down who uses what. Writes rights.md.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { sample } from '../mutation/sample.ts';
import { renderedRights } from '../stage/rights.ts';
import { recordedRights } from '../stage/uses.ts';
import { remove, type Removal } from './removal.ts';

const { values, positionals } = parseArgs({
  options: {
    sample: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
  },
  allowPositionals: true,
});
const recorded = await recordedRights();
const all = [...renderedRights()].toSorted();
const unknown = positionals.filter((right) => !all.includes(right));
if (unknown.length > 0 || recorded.size === 0) {
  console.error(
    unknown.length > 0
      ? `no rendered role gives "${unknown.join('", "')}"`
      : 'nothing is on record: run `node test/runner/main.ts cluster attack chaos` first',
  );
  process.exit(2);
}
const chosen = positionals.length > 0 ? positionals : sample(all, Number(values.sample), Number(values.seed));
const removals: Removal[] = [];

function table(): string {
  const rows = removals
    .toSorted((a, b) => (a.right < b.right ? -1 : 1))
    .map(({ right, failed, passed, seconds }) => {
      const told = failed ?? `NONE of ${passed.join('; ') || 'no test that uses it'}`;
      return `| ${right} | ${told.replaceAll('|', '\\|')} | ${seconds} |`;
    });
  const missed = removals.filter(({ failed }) => failed !== undefined).length;
  return [
    `${missed} of ${removals.length} rights that were taken away (there are ${all.length}) make a test fail`,
    '',
    '| right | the test that fails without it | s |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

const queue = chosen[Symbol.iterator]();
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    for (const right of queue) {
      const removal = await remove(right, recorded.get(right) ?? []);
      removals.push(removal);
      const told = removal.failed ?? `NO TEST FAILS (${removal.passed.join('; ')})`;
      console.log(`${removals.length}/${chosen.length} in ${removal.seconds} s, without ${right}: ${told}`);
      await writeFile('rights.md', table());
    }
  }),
);
console.log(`\n${table()}\nwritten: rights.md`);
process.exit(removals.every(({ failed }) => failed !== undefined) ? 0 : 1);
