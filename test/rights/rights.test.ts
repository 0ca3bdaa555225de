/** Runs after the phases that write down which rights the processes used: cluster, attack and chaos. */
import test from 'ava';
import { sample } from '../mutation/sample.ts';
import { renderedRights } from '../stage/rights.ts';
import { recordedRights } from '../stage/uses.ts';
import { remove } from './removal.ts';

const rights = [...renderedRights()].toSorted();

test.serial('each right of each process is used by a test file', async (t) => {
  const recorded = await recordedRights();
  t.true(recorded.size > 0, 'nothing is on record: run the phases cluster, attack and chaos first');
  for (const right of rights)
    t.log(
      `${right}: ${
        recorded
          .get(right)
          ?.map(({ file }) => file)
          .join(', ') ?? 'NOBODY'
      }`,
    );
  const unused = rights.filter((right) => !recorded.has(right));
  t.deepEqual(unused, [], 'take these rights out of operator/*/rights.ts, or test what needs them');
});

/** `make rights` takes all of them away, which takes an hour; TWINLOCK_RIGHTS_SEED repeats a run's few. */
const SAMPLE = 4;
const seed = Number(process.env['TWINLOCK_RIGHTS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
for (const right of sample(rights, SAMPLE, seed))
  test.serial(`without "${right}" a test that used it fails`, async (t) => {
    t.timeout(20 * 60_000);
    t.log(`TWINLOCK_RIGHTS_SEED=${seed}`);
    const { failed, passed } = await remove(right, (await recordedRights()).get(right) ?? []);
    t.truthy(failed, `nothing misses it, neither of: ${passed.join('; ')}`);
    t.log(failed);
  });
