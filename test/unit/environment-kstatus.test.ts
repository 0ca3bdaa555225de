import test from 'ava';
import { kstatusOf } from '../harness/index.ts';
import { promisedOf } from '../statuses/rules.ts';
import { environment } from './environment-fixtures.ts';
import { now, situations, spec, statusOf } from './environment-situations.ts';

const [title, situation] = situations[0] ?? [];

test('every answer of kstatus is promised in some situation', (t) => {
  const promised = situations.map(([, each]) =>
    promisedOf(environment(spec, { status: statusOf(environment(spec), each, now) })),
  );
  t.deepEqual([...new Set(promised)].toSorted(), ['Current', 'Failed', 'InProgress']);
});

test('a generation that was not observed yet is in progress, whatever the conditions say', async (t) => {
  if (situation === undefined) throw new Error('there are no situations');
  t.is(title, 'everything runs');
  const status = statusOf(environment(spec), situation, now);
  const [current, changed, going] = await kstatusOf([
    environment(spec, { status }),
    environment(spec, { status, metadata: { generation: 2 } }),
    environment(spec, { status, metadata: { deletionTimestamp: '2026-11-21T09:00:00Z' } }),
  ]);
  t.is(current?.status, 'Current');
  t.is(changed?.status, 'InProgress');
  t.is(going?.status, 'Terminating', 'one that is being deleted');
});
