import test from 'ava';
import { canonicalJSON, digestOf } from '../../operator/canonical/index.ts';
import {
  chainFaults,
  historyOf,
  nameOf,
  openApproval,
  openRounds,
  recordDigest,
  sealRecord,
  type RecordEntry,
  type RecordSpec,
} from '../../operator/records/index.ts';
import { keys, run, targetRef, voted, worldOfOne } from './promotion-world.ts';

const time = '2026-11-21T10:00:00Z';
const entry = (message: string): RecordEntry => ({
  type: 'Outcome',
  time,
  promotion: { namespace: 'shop', name: 'web-42', uid: 'uid' },
  outcome: { result: 'Failed', reason: 'Test', message },
});

function chain(length: number): RecordSpec[] {
  const records: RecordSpec[] = [];
  for (let index = 0; index < length; index++) records.push(sealRecord(targetRef, records, entry(`number ${index}`)));
  return records;
}

test('records are numbered from 1, named by target and number, and each names the one before', (t) => {
  const [first, second, third] = chain(3);
  t.is(nameOf(first!), 'web-000001');
  t.is(first!.previous, undefined);
  t.deepEqual(second!.previous, { name: 'web-000001', digest: first!.digest });
  t.deepEqual(third!.previous, { name: 'web-000002', digest: second!.digest });
  t.deepEqual(chainFaults([first!, second!, third!]), []);
});

test('a digest is over everything of a record but itself', (t) => {
  const [record] = chain(1);
  const { digest, ...content } = record!;
  t.is(digest, digestOf(content));
  t.true(recordDigest(record!) === digest);
});

test('every change, gap and exchange is found', (t) => {
  const [first, second, third] = chain(3);
  const changed = { ...second!, outcome: { ...second!.outcome!, message: 'something else' } };
  const other = sealRecord(targetRef, [{ ...first!, digest: digestOf('another') }], entry('number 1'));
  t.regex(chainFaults([first!, changed, third!])[0]?.message ?? '', /record 2 was changed/);
  t.regex(chainFaults([first!, third!])[0]?.message ?? '', /2 is missing/);
  t.regex(chainFaults([first!, other, third!])[0]?.message ?? '', /record 2 follows another record/);
  t.regex(chainFaults([second!, third!])[0]?.message ?? '', /1 is missing/);
});

test('what jq escapes otherwise than JCS never gets into a record', (t) => {
  const record = sealRecord(
    targetRef,
    [],
    entry('bell \u0007, del \u007f, right-to-left \u202e, smile \u{1f600}, tab\t, line\nbreak'),
  );
  t.regex(canonicalJSON(record.outcome?.message), /^"[\x20-\x7e]*"$/);
  t.true(record.outcome?.message.endsWith('line\nbreak'));
  t.deepEqual(chainFaults([record]), []);
});

test('an approval is open until its promotion ends, and a round after it takes it back', (t) => {
  const { world: open } = run(worldOfOne());
  t.is(openApproval(open.records), undefined);
  const { world: end } = run(voted(open, keys.alice));
  const [adopted, round, approved, completed] = end.records;
  t.is(openApproval([adopted!, round!, approved!])?.sequence, 3);
  t.is(openApproval([adopted!, round!, approved!, completed!]), undefined);
  const others = sealRecord(targetRef, [adopted!, round!, approved!], entry('of another promotion'));
  t.is(openApproval([adopted!, round!, approved!, others])?.sequence, 3, 'what ends is not what is approved');
  const again = sealRecord(targetRef, [adopted!, round!, approved!], { ...round!, time });
  t.is(openApproval([adopted!, round!, approved!, again]), undefined);
  const history = historyOf([adopted!, round!, approved!, again], 'web-42-uid');
  t.is(history.approved, undefined);
  t.is(history.rounds.length, 2);
});

test('a namesake is another promotion: only the uid counts', (t) => {
  const { world: end } = run(voted(run(worldOfOne()).world, keys.alice));
  t.is(historyOf(end.records, 'web-42-uid').ended?.outcome?.result, 'Completed');
  t.deepEqual(historyOf(end.records, 'another-uid'), {
    rounds: [],
    round: undefined,
    approved: undefined,
    ended: undefined,
  });
});

test('the record of an approval holds all that proves it: statement, votes, keys, policy, gates', (t) => {
  const { world: end } = run(voted(run(worldOfOne()).world, keys.alice));
  const approved = end.records.find(({ outcome }) => outcome?.result === 'Approved');
  const round = end.records.find(({ type }) => type === 'Round');
  t.deepEqual(approved?.statements, round?.statements);
  t.deepEqual(
    approved?.votes?.map(({ principal, decision }) => `${principal} ${decision}`),
    ['alice approve'],
  );
  t.deepEqual(
    approved?.keyring?.entries?.map(({ principal }) => principal),
    ['alice'],
    'only keys that were used',
  );
  t.regex(approved?.allowedSigners ?? '', /^alice namespaces="vote\.v1@twinlock\.dev" ssh-ed25519 /);
  t.is(approved?.policy?.name, 'default');
  t.is(approved?.gates?.[0]?.result, 'Passed');
  t.is(approved?.round?.record, 'web-000002');
});

test('people are asked about a promotion until it is approved or ends, and again after a later round', (t) => {
  const of = (uid: string, content: Omit<RecordEntry, 'time'>): RecordEntry => ({
    time,
    promotion: { namespace: 'shop', name: uid, uid },
    ...content,
  });
  const ends = (uid: string, result: 'Approved' | 'Rejected'): RecordEntry =>
    of(uid, { type: 'Outcome', outcome: { result, reason: 'Test', message: '' } });
  const records: RecordSpec[] = [];
  const asked = (entry: RecordEntry): readonly string[] => {
    records.push(sealRecord(targetRef, records, entry));
    return openRounds(records).map(({ sequence, promotion }) => `${promotion?.uid ?? ''} ${sequence}`);
  };
  t.deepEqual(asked({ type: 'Adopted', time }), []);
  t.deepEqual(asked(of('a', { type: 'Round' })), ['a 2']);
  t.deepEqual(asked(of('b', { type: 'Round' })), ['a 2', 'b 3']);
  t.deepEqual(asked(of('a', { type: 'Round' })), ['a 4', 'b 3']);
  t.deepEqual(asked(ends('b', 'Rejected')), ['a 4']);
  t.deepEqual(asked(ends('a', 'Approved')), []);
  t.deepEqual(asked(of('a', { type: 'Round' })), ['a 7']);
  t.deepEqual(asked(of('a', { type: 'Tampered' })), ['a 7']);
});
