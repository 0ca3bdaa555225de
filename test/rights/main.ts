/**
 * Takes each right of each process away, one at a time, and runs a test that used it: it has to fail.
 * Usage: node test/rights/main.ts [--sample 6] [--seed 1] [--jobs 2] ["promotions: get pods" ...]
 * After a run of the phases cluster, attack and chaos, which write down who uses what. Writes test/rights/missed.json: each
 * right with the test that misses it, which is the first that is asked next time.
 */
import { parseArgs } from 'node:util';
import { sample } from '../mutation/sample.ts';
import { renderedRights, type Right } from '../stage/rights.ts';
import { recordedRights, type Use } from '../stage/uses.ts';
import { missed, nameOf, writeMissed } from './missed.ts';
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

const known = new Map(Object.entries(await missed()));
/** The test that missed it last time comes first. */
function usesOf(right: Right): readonly Use[] {
  const uses = recorded.get(right) ?? [];
  const file = known.get(right)?.file;
  return uses.toSorted((a, b) => Number(b.file === file) - Number(a.file === file));
}

/** One after the other: two jobs may end at once. */
let writing = Promise.resolve();
const queue = chosen[Symbol.iterator]();
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    for (const right of queue) {
      const removal = await remove(right, usesOf(right));
      removals.push(removal);
      const told =
        removal.failed === undefined ? `NO TEST FAILS (${removal.passed.join('; ')})` : nameOf(removal.failed);
      console.log(`${removals.length}/${chosen.length} in ${removal.seconds} s, without ${right}: ${told}`);
      if (removal.failed === undefined) known.delete(right);
      else known.set(right, removal.failed);
      await (writing = writing.then(() => writeMissed(known, all)));
    }
  }),
);
const found = removals.filter(({ failed }) => failed !== undefined).length;
console.log(`\n${found} of ${removals.length} rights that were taken away (there are ${all.length}) make a test fail`);
process.exit(found === removals.length ? 0 : 1);
