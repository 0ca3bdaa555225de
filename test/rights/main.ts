/**
 * Takes each right of each process away, one at a time, and runs a test that used it: it has to fail.
 * After a run of the phases cluster, attack and chaos, which write down who uses what. Writes test/rights/missed.json: each
 * right with the test that misses it, which is the first that is asked next time.
 */
import { sample } from '../mutation/sample.ts';
import { commandLine, wholeNumber } from '../stage/command-line.ts';
import { renderedRights, type Right } from '../stage/rights.ts';
import { recordedRights, type Use } from '../stage/uses.ts';
import { missed, nameOf, writeMissed } from './missed.ts';
import { remove, type Removal } from './removal.ts';

const program = commandLine(
  'node test/rights/main.ts',
  'Take each right of each process away, one at a time, and run a test that used it: it has to fail.',
  'node test/rights/main.ts --sample 6 --seed 1',
  "node test/rights/main.ts 'promotions: get pods'",
)
  .argument('[right...]', 'rights (default: a sample of all)')
  .option('--sample <rights>', 'so many of them', wholeNumber, 1000)
  .option('--seed <number>', 'which ones', wholeNumber, 1)
  .option('--jobs <number>', 'so many at once', wholeNumber, 2)
  .parse();
const { sample: size, seed, jobs } = program.opts<Readonly<Record<'sample' | 'seed' | 'jobs', number>>>();
const named = program.args;
const recorded = await recordedRights();
const all = [...renderedRights()].toSorted();
const unknown = named.filter((right) => !all.includes(right));
if (unknown.length > 0) program.error(`no rendered role gives "${unknown.join('", "')}"`);
if (recorded.size === 0) {
  console.error('nothing is on record: run `node test/runner/main.ts cluster attack chaos` first');
  process.exit(2);
}
const chosen = named.length > 0 ? named : sample(all, size, seed);
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
  Array.from({ length: jobs }, async () => {
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
