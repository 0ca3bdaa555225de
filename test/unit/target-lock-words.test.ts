import test from 'ava';
import type { LockSpec } from '../../operator/lock/index.ts';
import { sealRecord, type RecordEntry, type RecordSpec } from '../../operator/records/index.ts';
import { answeredOtherwise, type TargetWorld } from '../../operator/targets/decide/index.ts';
import { deployment, images, target, targetRef, type Spec } from './promotion-world.ts';
import {
  adopted,
  after,
  decideTarget,
  fresh,
  namespaceWith,
  neighbour,
  promoted,
  settle,
  withLive,
} from './target-world.ts';

type Entry = LockSpec['approved'][number];
const NONE = `sha256:${'0'.repeat(64)}` as const;
const withEntries = (before: TargetWorld, change: (entries: readonly Entry[]) => readonly Entry[]): TargetWorld => {
  const lock = before.lock!;
  return { ...before, lock: { ...lock, spec: { ...lock.spec, approved: [...change(lock.spec.approved)] } } };
};
const wrong = (before: TargetWorld): TargetWorld =>
  withEntries(before, (entries) => entries.map((entry) => ({ ...entry, digest: NONE })));
const REMOVE =
  'something changes locks on their way in: a MutatingAdmissionPolicy or webhook that matches workloadlocks.twinlock.dev; remove it';
const tamperedIn = (given: TargetWorld) => {
  const { action } = decideTarget(given);
  return action?.do === 'Append' ? action.entry.tampered : undefined;
};

test('each entry that is wrong is named with its role and what is wrong', (t) => {
  const verdict = decideTarget(wrong(promoted()));
  t.is(
    verdict.message,
    `the lock does not hold what was written (Deployment/web Current: its spec is not what its digest says; Deployment/web Fallback: its spec is not what its digest says): ${REMOVE}`,
  );
  t.deepEqual([verdict.ready, verdict.stalled, verdict.tampered], [false, true, 'WorkloadLock/lock']);
  const [found] = tamperedIn(wrong(promoted())) ?? [];
  t.is(found?.name, 'lock');
  t.regex(found?.to ?? '', /^sha256:/);
  t.regex(found?.message ?? '', /^Deployment\/web Current: .*; Deployment\/web Fallback: /);
});

test('a change that is recorded is put right, with the words as the reason', (t) => {
  const recorded = settle(wrong(promoted())).world;
  const { action } = decideTarget({ ...recorded, lock: wrong(promoted()).lock });
  t.regex(action?.do === 'WriteLock' ? action.because : '', /^Deployment\/web Current: its spec is not/);
});

test('a lock that cannot be digested is recorded by its words alone', (t) => {
  const odd = withEntries(promoted(), (entries) =>
    entries.map((entry) => ({ ...entry, minReplicas: 2 ** 60, digest: NONE })),
  );
  const [found] = tamperedIn(odd) ?? [];
  t.deepEqual(Object.keys(found ?? {}), ['kind', 'name', 'message']);
});

/** A chain of these records, whatever place they had before. */
const chained = (...records: readonly RecordEntry[]): readonly RecordSpec[] =>
  records.reduce<readonly RecordSpec[]>(
    (before, entry) => [...before, sealRecord(targetRef, before, entryOf(entry))],
    [],
  );
const entryOf = ({ ...record }: RecordEntry & Partial<RecordSpec>): RecordEntry => {
  const { sequence: _sequence, previous: _previous, target: _target, digest: _digest, ...entry } = record;
  return entry;
};

test('the same change to a later lock is another event: after an approval, and after an adoption', (t) => {
  const { records } = promoted();
  const [adoption, round, approved, completed] = records;
  const given = wrong(promoted());
  const entry: RecordEntry = { type: 'Tampered', time: '2026-11-21T10:00:00Z', tampered: tamperedIn(given) };
  const found = (...chain: readonly RecordEntry[]): string | undefined =>
    tamperedIn({ ...given, records: chained(...chain) })?.[0]?.kind;
  t.is(found(adoption!, round!, approved!, completed!, entry), undefined, 'it is recorded since');
  t.is(found(adoption!, round!, approved!, entry, completed!), undefined, 'an end decides nothing');
  t.is(found(adoption!, round!, entry, approved!, completed!), 'WorkloadLock', 'it was approved since');
  t.is(found(adoption!, round!, approved!, completed!, entry, adoption!), 'WorkloadLock', 'it was taken over since');
});

/** Records that are not about this change of the lock. */
const others: readonly (readonly [string, object])[] = [
  ['of something else', { kind: 'Deployment' }],
  ['of another change', { message: 'another', to: NONE }],
  ['of another change that has no digest', { message: 'another', to: undefined }],
];
for (const [what, changes] of others)
  test(`a change of the lock is recorded beside a record ${what}`, (t) => {
    const given = wrong(promoted());
    const [found] = tamperedIn(given) ?? [];
    const { to, ...rest } = { ...found!, ...changes };
    const record = sealRecord(targetRef, given.records, {
      type: 'Tampered',
      time: '2026-11-21T10:00:00Z',
      tampered: [{ ...rest, ...(to === undefined ? {} : { to }) }],
    });
    t.is(tamperedIn({ ...given, records: [...given.records, record] })?.length, 1);
  });

test('a change is known by its words or by its digest', (t) => {
  const given = wrong(promoted());
  const [found] = tamperedIn(given) ?? [];
  for (const changes of [{ message: 'in other words' }, { to: NONE } as const]) {
    const entry = { type: 'Tampered' as const, time: '2026-11-21T10:00:00Z', tampered: [{ ...found!, ...changes }] };
    const records = [...given.records, sealRecord(targetRef, given.records, entry)];
    t.is(decideTarget({ ...given, records }).action?.do, 'WriteLock');
  }
});

test('a lock without a digest is not known by that alone', (t) => {
  const odd = withEntries(promoted(), (entries) =>
    entries.map((entry) => ({ ...entry, minReplicas: 2 ** 60, digest: NONE })),
  );
  const [found] = tamperedIn(odd) ?? [];
  const entry = {
    type: 'Tampered' as const,
    time: '2026-11-21T10:00:00Z',
    tampered: [{ ...found!, message: 'in other words' }],
  };
  const records = [...odd.records, sealRecord(targetRef, odd.records, entry)];
  t.is(tamperedIn({ ...odd, records })?.length, 1);
});

test('what a lock holds is what is live, where that was decided too', (t) => {
  const spec = { minReadySeconds: 7 } as Partial<Spec>;
  const before = adopted();
  const end = withLive(before, deployment(images.first, spec));
  t.is(decideTarget(wrong(end)).reason, 'LockChanged');
  const { world: right } = settle(wrong(promoted()));
  t.deepEqual(right.lock?.spec.approved, promoted().lock?.spec.approved);
  const undone = settle(withLive(promoted(), deployment(images.first, {}, '3'))).world;
  const torn = withEntries(undone, (entries) => entries.map((entry) => ({ ...entry, spec: {}, digest: NONE })));
  const { world: mended } = settle(torn);
  t.is(mended.lock?.spec.approved[0]?.digest, undone.lock?.spec.approved[0]?.digest);
});

const rightFor = (given: TargetWorld): string | undefined => {
  const { action } = decideTarget(after(wrong(given)));
  return action?.do === 'WriteLock' ? action.lock.approved.find(({ role }) => role === 'Current')?.digest : undefined;
};

test('of what was decided last, the lock gets back what is live', (t) => {
  const [current, fallback] = promoted().lock?.spec.approved ?? [];
  t.is(rightFor(promoted()), current?.digest);
  t.is(rightFor(withLive(promoted(), deployment(images.first, {}, '3'))), fallback?.digest);
  t.is(rightFor(withLive(promoted(), deployment(images.evil, {}, '3'))), current?.digest);
  t.is(rightFor(withLive(promoted(), undefined)), current?.digest);
  const undo = { ...deployment(images.first, {}, '3') };
  const left = { ...promoted(), workloads: [], givenUp: [{ kind: 'Deployment' as const, name: 'web', live: undo }] };
  t.is(rightFor(left), fallback?.digest, 'of what was given up too');
});

test("a lock's entry of another target is looked after by that one, as long as it is there", (t) => {
  const foreign = withEntries(adopted(), (entries) => [
    { ...entries[0]!, name: 'api', target: 'api', digest: NONE },
    { ...entries[0]!, name: 'old', target: 'gone', digest: NONE },
    ...entries,
  ]);
  t.regex(decideTarget({ ...foreign, others: [neighbour.target] }).message, /\(Deployment\/old Current: [^;]+\)/);
  t.regex(decideTarget(foreign).message, /Deployment\/api Current: .*; Deployment\/old Current: /);
});

test('in mode Warn a lock that was changed is put right, and nothing is recorded', (t) => {
  const off = { active: false, message: 'mode is Warn' };
  const warned = settle(
    fresh({ target: target({ mode: 'Warn' }), enforcement: off, namespace: namespaceWith('warn') }),
  ).world;
  t.deepEqual(settle(wrong(warned)).done, ['WriteLock']);
});

const said = (what: string): string => `the lock does not hold what was written (${what}): ${REMOVE}`;

test('an answer that differs is told entry by entry, and settings where no entry does', (t) => {
  const { lock } = promoted();
  const sent = lock!.spec;
  const told = (stored: LockSpec): string => answeredOtherwise(promoted(), sent, stored).verdict.message;
  const [current, fallback] = sent.approved;
  t.is(told({ ...sent, liveAccess: 'Allow' }), said('its settings were changed'));
  t.is(
    told({ ...sent, approved: [] }),
    said('Deployment/web Current was taken out; Deployment/web Fallback was taken out'),
  );
  t.is(told({ ...sent, approved: [current!] }), said('Deployment/web Fallback was taken out'));
  t.is(told({ ...sent, approved: [fallback!] }), said('Deployment/web Current was taken out'));
  t.is(
    told({ ...sent, approved: [{ ...current!, minReplicas: 9 }, fallback!] }),
    said('Deployment/web Current was changed or added'),
  );
  t.is(
    told({ ...sent, approved: [...sent.approved, { ...current!, name: 'evil' }] }),
    said('Deployment/evil Current was changed or added'),
  );
  const mixed = [{ ...current!, name: 'evil' }, fallback!];
  t.is(
    told({ ...sent, approved: mixed }),
    said('Deployment/evil Current was changed or added; Deployment/web Current was taken out'),
  );
});
