/** Runs after the phases that write down which rights the processes used: cluster, attack and chaos. */
import test from 'ava';
import { recordedRights, renderedRights } from '../stage/rights.ts';

test('each right of each process is used by a test file, which fails without it', async (t) => {
  const recorded = await recordedRights();
  t.true(recorded.size > 0, 'nothing is on record: run the phases cluster, attack and chaos first');
  const rights = [...renderedRights()].toSorted();
  for (const right of rights) t.log(`${right}: ${recorded.get(right)?.join(', ') ?? 'NOBODY'}`);
  const unused = rights.filter((right) => !recorded.has(right));
  t.deepEqual(unused, [], 'take these rights out of operator/*/rights.ts, or test what needs them');
});
