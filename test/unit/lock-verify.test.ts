/** A lock beside its records: each thing that an entry may say wrong, in words, and what is put in its place. */
import test from 'ava';
import { entryFault, lockFaults, restoredLock, type Approved, type LockSpec } from '../../operator/lock/index.ts';
import type { RecordSpec } from '../../operator/records/index.ts';
import { undoneSpec } from '../../operator/workloads/index.ts';
import { adopted, approved, chain, digestIn, outcome, recorded, spec, type Spec } from './lock-chain.ts';

const [first, second, third, evil] = [spec('a'), spec('b', { minReadySeconds: 5 }), spec('c'), spec('evil')];
const undone = undoneSpec('Deployment', second, first) ?? {};
const entry = (content: Spec, record: number, changes: Partial<Approved> = {}): Approved => ({
  kind: 'Deployment',
  name: 'web',
  role: 'Current',
  target: 'web',
  minReplicas: 1,
  record: `web-00000${record}`,
  digest: digestIn(content),
  spec: { ...content },
  ...changes,
});
const fallback = (content: Spec, record: number): Approved => entry(content, record, { role: 'Fallback' });
/** Adopted as 1, asked for as 2, approved as 3. */
const promoted = chain(adopted(recorded(first)), approved(second, first));
const takenBack = chain(adopted(recorded(first)), approved(second, first), outcome('RolledBack'));

test('an entry says what was decided: the content, what it replaced, and an undo of one to the other', (t) => {
  t.is(entryFault(entry(first, 1), promoted.slice(0, 1)), undefined);
  for (const content of [first, second, undone]) t.is(entryFault(entry(content, 3), promoted), undefined);
  t.is(entryFault(fallback(first, 3), promoted), undefined);
  t.is(entryFault(fallback(first, 1), promoted), undefined, 'the record that approved it first');
});

test('each thing that an entry says wrong is told in words', (t) => {
  const bad = { ...evil, minReadySeconds: 2 ** 60 };
  t.is(entryFault(entry(bad, 3), promoted), 'its spec has no canonical form at /minReadySeconds');
  t.is(entryFault({ ...entry(second, 3), spec: { ...evil } }, promoted), 'its spec is not what its digest says');
  t.is(entryFault(entry(second, 2), promoted), 'record web-000002 decides nothing about it');
  t.is(entryFault(entry(second, 9), promoted), 'record web-000009 does not exist');
  t.is(entryFault(entry(second, 3), []), 'record web-000003 does not exist');
  t.is(entryFault(entry(evil, 3), promoted), 'its content is not what was decided last (record web-000003)');
  t.is(entryFault(entry(second, 1), promoted), 'record web-000001 holds another content');
});

test('only what was replaced may be a fallback, and of what was adopted nothing', (t) => {
  const what = 'its content is not what was decided last (record web-000003)';
  t.is(entryFault(fallback(second, 3), promoted), what);
  t.is(entryFault(fallback(undone, 3), promoted), what);
  t.is(
    entryFault(fallback(first, 1), promoted.slice(0, 1)),
    'its content is not what was decided last (record web-000001)',
  );
});

test('what an undo made is held by every decision after it', (t) => {
  const again = chain(adopted(recorded(first)), approved(second, first), approved(third, undone, 'b'));
  t.is(entryFault(fallback(undone, 1), again), undefined);
  t.is(entryFault(fallback(undone, 5), again), undefined);
});

test('until a lock opens its fallback is the one of the decision before, past each that was taken back', (t) => {
  const records = chain(
    adopted(recorded(first)),
    approved(second, first),
    approved(third, second, 'b'),
    outcome('RolledBack', 'b'),
    approved(evil, second, 'c'),
  );
  t.is(entryFault(fallback(second, 5), records), undefined, 'of the one that was taken back');
  t.is(entryFault(fallback(first, 3), records), undefined, 'of the last that opened the lock');
  const twice = chain(approved(second, first), approved(third, second, 'b'), approved(evil, third, 'c'));
  t.is(entryFault(fallback(second, 4), twice), undefined);
  t.is(
    entryFault(fallback(first, 2), twice),
    'its content is not what was decided last (record web-000006)',
    'that one was two decisions before',
  );
});

test('where every decision before was taken back, each may have left the fallback', (t) => {
  const records = chain(
    approved(second, first),
    outcome('RolledBack'),
    approved(third, second, 'b'),
    outcome('RolledBack', 'b'),
    approved(evil, third, 'c'),
  );
  for (const [content, record] of [
    [third, 8],
    [second, 5],
    [first, 2],
  ] as const)
    t.is(entryFault(fallback(content, record), records), undefined);
});

test('the faults of a lock are told by entry, each beside the chain of its own target', (t) => {
  const right = entry(second, 3);
  const ofOther = entry(second, 3, { target: 'other' });
  const chains = new Map([['web', promoted]]);
  t.deepEqual(
    lockFaults([right, ofOther], (target) => chains.get(target) ?? []),
    [{ entry: ofOther, what: 'record web-000003 does not exist' }],
  );
});

function restored(records: readonly RecordSpec[], live: Spec | undefined, ...wrong: readonly Approved[]): LockSpec {
  const lock: LockSpec = { liveAccess: 'Deny', approved: [...wrong] };
  return restoredLock(
    lock,
    wrong.map((each) => ({ entry: each, what: 'it is wrong' })),
    () => records,
    () => live,
  );
}

test('only entries with a fault are put right, and the rest of a lock stays', (t) => {
  const [right, wrong] = [entry(evil, 3, { name: 'api' }), entry(evil, 3)];
  const lock: LockSpec = { liveAccess: 'Allow', approved: [wrong, right] };
  const faults = [{ entry: wrong, what: 'it is wrong' }];
  const after = restoredLock(
    lock,
    faults,
    () => promoted,
    () => undefined,
  );
  t.deepEqual(after, { liveAccess: 'Allow', approved: [right, entry(second, 3)] });
});

test('a spec that was changed below its digest comes back, with the record that holds it', (t) => {
  for (const content of [first, second, undone]) {
    const wrong = { ...entry(content, 3), spec: { ...evil } };
    t.deepEqual(restored(promoted, second, wrong).approved, [entry(content, 3)]);
  }
  t.deepEqual(restored(promoted, undefined, { ...fallback(first, 1), spec: {} }).approved, [fallback(first, 1)]);
});

test('of a current content that nobody decided, what is live counts where it was decided', (t) => {
  for (const live of [first, second, undone])
    t.deepEqual(restored(promoted, live, entry(evil, 3)).approved, [entry(live, 3)]);
  t.deepEqual(restored(promoted, evil, entry(evil, 3)).approved, [entry(second, 3)]);
  t.deepEqual(restored(promoted, undefined, entry(evil, 3)).approved, [entry(second, 3)]);
});

test('what is live is known beside what the mutations of the entry let others add', (t) => {
  const marked = spec('a', {
    template: {
      metadata: { labels: { app: 'web' }, annotations: { mark: '1' } },
      spec: { containers: [{ name: 'web', image: 'a' }] },
    },
  });
  const mutations: Approved['mutations'] = [{ field: 'Annotations', names: ['mark'] }];
  t.deepEqual(restored(promoted, marked, entry(evil, 3, { mutations })).approved, [entry(first, 3, { mutations })]);
  t.deepEqual(restored(promoted, marked, entry(evil, 3)).approved, [entry(second, 3)]);
});

test('a fallback that nobody decided is what was replaced, whatever is live', (t) => {
  for (const live of [undefined, second, evil])
    t.deepEqual(restored(promoted, live, fallback(evil, 3)).approved, [fallback(first, 3)]);
  t.deepEqual(restored(promoted.slice(0, 1), first, fallback(evil, 1)).approved, [], 'an adoption replaced nothing');
});

test('of an approval that was taken back, what it replaced comes back; where that is nothing, what was approved', (t) => {
  t.deepEqual(restored(takenBack, undefined, entry(evil, 3)).approved, [entry(first, 3)]);
  t.deepEqual(restored(takenBack, undefined, fallback(evil, 3)).approved, [fallback(first, 3)]);
  const ofNew = chain(approved(second, undefined), outcome('RolledBack'));
  t.deepEqual(restored(ofNew, undefined, entry(evil, 2)).approved, [entry(second, 2)]);
});

test('a record that is none, or holds another content, becomes the one of the last decision', (t) => {
  t.deepEqual(restored(promoted, undefined, entry(second, 9)).approved, [entry(second, 3)]);
  t.deepEqual(restored(promoted, undefined, entry(second, 1)).approved, [entry(second, 3)]);
  t.deepEqual(restored(promoted, first, entry(evil, 1)).approved, [entry(first, 1)], 'that one holds it');
  const again = chain(adopted(recorded(first)), approved(second, first), adopted(recorded(second)));
  t.deepEqual(restored(again, undefined, entry(evil, 3)).approved, [entry(second, 3)], 'one of several contents');
  t.deepEqual(restored(again, undefined, entry(evil, 1)).approved, [entry(second, 4)]);
});

test('what no record knows is not approved', (t) => {
  t.deepEqual(restored([], first, entry(first, 1), fallback(first, 1)).approved, []);
  t.deepEqual(restored(promoted, first, entry(first, 1, { name: 'evil' })).approved, []);
});

test('what is put right stands in the order of every lock', (t) => {
  const after = restored(promoted, second, fallback(evil, 3), entry(evil, 3));
  t.deepEqual(after.approved, [entry(second, 3), fallback(first, 3)]);
});
