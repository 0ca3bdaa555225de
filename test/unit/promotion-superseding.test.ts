import test from 'ava';
import type { Promotion } from '../../operator/api/index.ts';
import {
  outcomeEntry,
  promotionRef,
  sealRecord,
  type OutcomeResult,
  type RecordSpec,
} from '../../operator/records/index.ts';
import { decide, keys, now, promotion, run, targetRef, voted, world, type Scene } from './promotion-world.ts';

const OTHER = '2026-11-21T09:30:00Z';
const own = run(world()).world;
const somebody = { annotations: { 'twinlock.dev/requested-by': 'mallory' } };
const newer = promotion('web-43', { createdAt: OTHER, ...somebody });
const [roundOfOwn] = own.records.filter(({ type }) => type === 'Round');
if (roundOfOwn === undefined) throw new Error('there is no round');

/** Its round, with the same artifacts unless they are given. */
function roundOf(sibling: Promotion, before: readonly RecordSpec[], changes: Partial<RecordSpec> = {}): RecordSpec {
  const { type, time, round, artifacts, statements } = { ...roundOfOwn!, ...changes };
  return sealRecord(targetRef, before, {
    type,
    time,
    round,
    artifacts,
    statements,
    promotion: promotionRef(sibling, 'mallory'),
  });
}
const beside = (sibling: Promotion, changes: Partial<RecordSpec> = {}, from: Scene = own): Scene => ({
  ...from,
  siblings: [sibling],
  records: [...from.records, roundOf(sibling, from.records, changes)],
});
function ended(given: Scene, of: Promotion, result: OutcomeResult): Scene {
  const ref = promotionRef(of, 'mallory');
  const entry = outcomeEntry({ now, promotion: ref, round: undefined, result, reason: 'Newer', message: '' });
  return { ...given, records: [...given.records, sealRecord(targetRef, given.records, entry)] };
}
const result = (given: Scene): string | undefined => {
  const { action } = decide(given).verdict;
  return action?.do === 'Append' ? action.entry.outcome?.result : undefined;
};

test('a newer one whose round is open takes the place, and the words name it', (t) => {
  t.is(result(beside(newer)), 'Superseded');
  t.is(decide(beside(newer)).verdict.message, 'promotion web-43 is newer and asks for votes');
});

for (const end of ['Rejected', 'Expired', 'Superseded'] as const)
  test(`a newer one that came to nothing takes nobody's place: ${end}`, (t) => {
    t.is(result(ended(beside(newer), newer, end)), undefined);
  });

test('a newer one that was completed takes the place of those that still wait', (t) => {
  t.is(result(ended(beside(newer), newer, 'Completed')), 'Superseded');
});

const artifact = { kind: 'Deployment', name: 'web', container: 'web', image: 'x' } as const;
/** What the newer one promotes, and whether that is ours. */
const contents: readonly (readonly [string, RecordSpec['artifacts'], boolean])[] = [
  ['one of our workloads among others', [{ ...artifact, name: 'db' }, artifact], true],
  ['another workload', [{ ...artifact, name: 'db' }], false],
  // The schema knows one kind so far.
  ['a workload of our name and another kind', [{ ...artifact, kind: 'StatefulSet' as 'Deployment' }], false],
  ['nothing that is known', undefined, false],
];
for (const [what, artifacts, taken] of contents)
  test(`a newer one ${taken ? 'supersedes' : 'lets stand'} ours when it promotes ${what}`, (t) => {
    t.is(result(beside(newer, { artifacts })), taken ? 'Superseded' : undefined);
  });

test('one that does not know yet what it promotes gives way for all workloads of its target', (t) => {
  const waiting = { ...world({ environment: undefined }), siblings: [newer] };
  const of = (artifacts: RecordSpec['artifacts']): string | undefined =>
    result({ ...waiting, records: [...waiting.records, roundOf(newer, waiting.records, { artifacts })] });
  t.is(of([artifact]), 'Superseded');
  t.is(of([{ ...artifact, name: 'db' }]), undefined);
});

test('within one second the later round belongs to the newer one', (t) => {
  const same = promotion('web-43', somebody);
  t.is(result(beside(same)), 'Superseded', 'its round came after ours');
  const before = world();
  const first = roundOf(same, before.records);
  const ours = run({ ...before, records: [...before.records, first] }).world;
  t.is(result({ ...ours, siblings: [same] }), undefined, 'its round came before ours');
  const none = { ...world({ environment: undefined }), siblings: [same] };
  const theirs = { ...none, records: [...none.records, roundOf(same, none.records)] };
  t.is(result(theirs), undefined, 'we have no round to compare with');
});

test('an older one takes no place, whatever came of its round', (t) => {
  t.is(result(beside(promotion('web-41', { createdAt: '2026-11-21T08:59:59Z', ...somebody }))), undefined);
});

test('one that says so for itself only lets others stand', (t) => {
  t.is(result(beside({ ...newer, spec: { ...newer.spec, supersedes: 'None' } })), undefined);
});

test('of several it is that of the same person, when people have begun to approve', (t) => {
  const begun = voted(own, keys.alice);
  // A vote is there, and the quorum is not met.
  const two = { ...begun, keyring: begun.keyring };
  const mine = promotion('web-44', { createdAt: OTHER });
  const both = beside(mine, {}, beside(newer, {}, two));
  const { verdict } = decide({ ...both, siblings: [newer, mine] });
  t.is(verdict.message, 'promotion web-44 is newer and asks for votes');
});

test('a sibling of nobody is nobody of ours', (t) => {
  const { annotations: _none, ...metadata } = newer.metadata;
  const begun = voted(own, keys.alice);
  t.not(result(beside({ ...newer, metadata }, {}, begun)), 'Superseded');
});
