import test from 'ava';
import type { LockSpec } from '../../operator/lock/index.ts';
import { stageOf, unreadable } from '../../operator/promotions/decide/index.ts';
import { historyOf, type RecordSpec } from '../../operator/records/index.ts';
import { keys, run, until, voted, world, worldOf } from './promotion-world.ts';

const opened = until(voted(run(world()).world, keys.alice), 'OpenLock');
const { uid = '' } = opened.promotion.metadata;
if (opened.lock === undefined) throw new Error('there is no lock');
const lock: LockSpec = opened.lock.spec;
const entries = (change: (entry: LockSpec['approved'][number]) => object): LockSpec => ({
  ...lock,
  approved: lock.approved.map((entry) => (entry.role === 'Current' ? { ...entry, ...change(entry) } : entry)),
});
const without = (type: string): readonly RecordSpec[] =>
  opened.records.filter((record) => (record.outcome?.result ?? record.type) !== type);

test('it rolls out once the lock holds every content by the record of its approval', (t) => {
  const stage = stageOf(historyOf(opened.records, uid), lock);
  t.is(stage.stage, 'RollingOut');
  t.is('round' in stage ? stage.round.sequence : undefined, 2);
});

/** Locks that are not open for it. */
const shut: readonly (readonly [string, LockSpec | undefined, readonly RecordSpec[]])[] = [
  ['no lock', undefined, opened.records],
  ['nothing is approved', { ...lock, approved: [] }, opened.records],
  ['one of two workloads is', entries(({ name }) => (name === 'api' ? { record: 'web-000001' } : {})), opened.records],
  ['another record says so', entries(() => ({ record: 'web-000001' })), opened.records],
  ['another content is', entries(() => ({ digest: `sha256:${'0'.repeat(64)}` })), opened.records],
  ['nobody approved', lock, without('Approved')],
  ['an approval without its round', lock, without('Round')],
  [
    'a round that wants nothing',
    lock,
    opened.records.map((record) => (record.type === 'Round' ? { ...record, desiredSpecs: [] } : record)),
  ],
  [
    'a round that does not say what it wants',
    lock,
    opened.records.map(({ desiredSpecs: _wanted, ...record }) => record),
  ],
];
for (const [what, given, records] of shut)
  test(`nothing rolls out while the lock is not open for it: ${what}`, (t) => {
    t.is(stageOf(historyOf(records, uid), given).stage, 'Deciding');
  });

test('one that nobody has given a uid has no history', (t) => {
  const history = historyOf(opened.records, '');
  t.deepEqual(history, { rounds: [], round: undefined, approved: undefined, ended: undefined });
  t.deepEqual(stageOf(history, lock), { stage: 'Deciding' });
});

test('what is known of a world that cannot be read is all that is left of it; over is over all the same', (t) => {
  const because = { reason: 'NotReadable', message: 'no' } as const;
  const { stage: _deciding, ...known } = { ...worldOf(world()), extra: 'what was read' };
  const { now, promotion, records, history } = known;
  t.deepEqual(unreadable(known, because), { stage: 'Unreadable', now, promotion, records, history, because });
  const over = worldOf(run(voted(run(world()).world, keys.alice)).world);
  t.deepEqual(unreadable(over, because), over);
});
