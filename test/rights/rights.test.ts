/** Runs after the phases that write down which rights the processes used: cluster, attack and chaos. */
import test from 'ava';
import { renderedRights } from '../stage/rights.ts';
import { recordedRights } from '../stage/uses.ts';

const rights = [...renderedRights()].toSorted();

test.serial('each right of each process is used by a test file', async (t) => {
  const recorded = await recordedRights();
  t.true(recorded.size > 0, 'nothing is on record: run the phases cluster, attack and chaos first');
  const unused = rights.filter((right) => !recorded.has(right));
  t.deepEqual(unused, [], 'take these rights out of operator/*/rights.ts, or test what needs them');
});
