import test from 'ava';
import type { LockSpec } from '../../operator/lock/index.ts';
import type { TargetWorld } from '../../operator/targets/decide/index.ts';
import { deployment, images, target } from './promotion-world.ts';
import {
  adopted,
  decideTarget,
  fresh,
  neighbour,
  promoted,
  protectedNamespace,
  running,
  settle,
  web,
  withLive,
} from './target-world.ts';

/** A target that was deleted and made again under its name: the chain goes on, the uid is another. */
const remade = (before: TargetWorld = adopted()): TargetWorld => ({
  ...before,
  target: { ...before.target, metadata: { ...before.target.metadata, uid: 'made-again' } },
});
const withEntry = (before: TargetWorld, changes: Partial<LockSpec['approved'][number]>): TargetWorld => {
  const lock = before.lock!;
  return {
    ...before,
    lock: { ...lock, spec: { ...lock.spec, approved: lock.spec.approved.map((entry) => ({ ...entry, ...changes })) } },
  };
};
const recordsIn = ({ lock }: TargetWorld): readonly string[] =>
  (lock?.spec.approved ?? []).map(({ role, record }) => `${role} ${record}`);

test('content that the chain decided before keeps its record, and is taken over by a new one', (t) => {
  const { world: end, done } = settle(remade());
  t.deepEqual(done, ['Adopted']);
  t.deepEqual(recordsIn(end), ['Current web-000001']);
  t.true(decideTarget(end).ready);
  const after = settle(remade(promoted()));
  t.deepEqual(after.done, ['WriteLock', 'Adopted'], 'the fallback is approved no more');
  t.deepEqual(recordsIn(after.world), ['Current web-000003']);
});

test('other content gets the record that is written next', (t) => {
  const { world: end, done } = settle(withLive(remade(), deployment(images.second)));
  t.deepEqual(done, ['WriteLock', 'Adopted']);
  t.deepEqual(recordsIn(end), ['Current web-000002']);
  t.is(end.lock?.spec.approved[0]?.digest, end.records.at(-1)?.currentSpecs?.[0]?.digest);
});

/** Locks whose entry is not what the chain decided. */
const undecided: readonly (readonly [string, TargetWorld, string])[] = [
  ['a record that the chain does not have', withEntry(remade(), { record: 'web-000007' }), 'Current web-000002'],
  [
    'an entry of another target that is there',
    { ...withEntry(remade(), { target: 'api' }), others: [neighbour.target] },
    'Current web-000002',
  ],
  ['no chain at all', { ...withEntry(remade(), { record: 'web-000007' }), records: [] }, 'Current web-000001'],
  [
    'a decision about another workload',
    { ...remade(), records: remade().records.map((record) => ({ ...record, currentSpecs: [] })) },
    'Current web-000002',
  ],
];
for (const [what, given, expected] of undecided)
  test(`an entry that was never decided is taken over anew: ${what}`, (t) => {
    const { action } = decideTarget(given);
    t.is(action?.do, 'WriteLock');
    const lock = action?.do === 'WriteLock' ? { ...given.lock!, spec: action.lock } : undefined;
    t.deepEqual(recordsIn({ ...given, lock }), [expected]);
  });

test('what an adoption records is what is live, without what no approval covers', (t) => {
  const entry = adopted().records[0];
  t.deepEqual(Object.keys(entry ?? {}).toSorted(), ['currentSpecs', 'digest', 'sequence', 'target', 'time', 'type']);
  t.is(entry?.time, '2026-11-21T10:00:00Z');
  t.notRegex(JSON.stringify(entry?.currentSpecs), /replicas/);
});

test('without a lock no neighbour holds anything: mode Warn is what this target says', (t) => {
  const given = fresh({
    target: target({ mode: 'Warn' }),
    enforcement: { active: false, message: 'mode is Warn' },
    others: [neighbour.target],
    ...running(web(), { others: [{ kind: 'Job', name: 'hook' }] }),
  });
  t.is(decideTarget(given).action?.do, 'WriteLock');
  t.is(settle(given).world.namespace?.metadata.labels?.['twinlock.dev/protected'], 'warn');
});

test('a namespace that is not there, or has no labels, is not protected', (t) => {
  const end = adopted();
  t.is(decideTarget({ ...end, namespace: { ...protectedNamespace, metadata: { name: 'shop' } } }).reason, 'LabelLost');
  t.is(decideTarget({ ...end, namespace: undefined }).reason, 'LabelLost');
});

test('a chain with a record that has no digest proves nothing, and says where', (t) => {
  const end = adopted();
  const records = end.records.map((record) => ({ ...record, sequence: 2 ** 60 }));
  const verdict = decideTarget({ ...end, records });
  t.deepEqual([verdict.reason, verdict.stalled], ['RecordsBroken', true]);
  t.regex(verdict.message, /^the chain of records does not hold: a record cannot be digested: .*sequence/);
});

test('what is thrown beside a fault of content is thrown on', (t) => {
  const end = adopted();
  const [first] = end.records;
  const hostile = Object.defineProperty({ ...first! }, 'time', {
    enumerable: true,
    get: () => {
      throw new RangeError('not of JSON');
    },
  });
  t.throws(() => decideTarget({ ...end, records: [hostile] }), { instanceOf: RangeError });
});
