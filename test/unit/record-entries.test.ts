import test from 'ava';
import { digestOf } from '../../operator/canonical/index.ts';
import {
  chainFaults,
  headOf,
  historyOf,
  jobRecordOf,
  openApproval,
  outcomeEntry,
  promotionRef,
  resultOf,
  sealRecord,
  type RecordEntry,
  type RecordSpec,
} from '../../operator/records/index.ts';
import { now, promotion, targetRef } from './promotion-world.ts';

const time = '2026-11-21T10:00:00Z';
const about = (uid: string): RecordEntry['promotion'] => ({ namespace: 'shop', name: 'web-42', uid });

function chain(...entries: readonly RecordEntry[]): readonly RecordSpec[] {
  const records: RecordSpec[] = [];
  for (const entry of entries) records.push(sealRecord(targetRef, records, entry));
  return records;
}
const round = (uid = 'a'): RecordEntry => ({ type: 'Round', time, promotion: about(uid) });
const outcome = (result: NonNullable<RecordEntry['outcome']>['result'], uid = 'a'): RecordEntry => ({
  type: 'Outcome',
  time,
  promotion: about(uid),
  outcome: { result, reason: 'Applying', message: result },
});
const adopted: RecordEntry = { type: 'Adopted', time };
const tampered: RecordEntry = { type: 'Tampered', time, promotion: about('a') };

test('a record names its promotion by uid and digest, and gives the reason and the requester only where there are some', (t) => {
  const plain = promotion();
  t.deepEqual(promotionRef(plain, 'dev'), {
    namespace: 'shop',
    name: 'web-42',
    uid: 'web-42-uid',
    specDigest: digestOf(plain.spec),
    requestedBy: 'dev',
  });
  const why = promotion('web-42', { spec: { reason: 'because' } });
  t.is(promotionRef(why, 'dev').reason, 'because');
  for (const nobody of [undefined, '', '   ']) t.false('requestedBy' in promotionRef(plain, nobody));
  t.is(promotionRef(plain, ' a\u0007b ').requestedBy, 'a\\u0007b');
  t.is(promotionRef(plain, 'x'.repeat(300)).requestedBy, 'x'.repeat(253));
});

test('an object that the API server has given no namespace and no uid yet is named by empty texts', (t) => {
  const { metadata, ...rest } = promotion();
  const bare = { ...rest, metadata: { name: metadata.name } };
  const { namespace, uid } = promotionRef(bare, undefined);
  t.deepEqual([namespace, uid], ['', '']);
});

test('an outcome carries its round with the record of it, its changes, and no more than 2000 characters', (t) => {
  const opened = { nonce: 'n', openedAt: time, notAfter: time };
  const [asked] = chain({ ...round(), round: opened });
  const input = {
    now,
    promotion: promotionRef(promotion(), 'dev'),
    round: asked,
    result: 'Failed',
    reason: 'Applying',
    message: 'm'.repeat(2001),
  } as const;
  const entry = outcomeEntry(input);
  t.is(entry.type, 'Outcome');
  t.is(entry.time, time);
  t.deepEqual(entry.promotion, input.promotion);
  t.deepEqual(entry.round, { ...opened, record: 'web-000001' });
  t.deepEqual(entry.outcome, { result: 'Failed', reason: 'Applying', message: 'm'.repeat(2000) });
  const changes = [{ kind: 'Deployment', name: 'web' }] as const;
  t.deepEqual(outcomeEntry({ ...input, changes: [...changes] }).outcome?.changes, [...changes]);
  t.false('round' in outcomeEntry({ ...input, round: undefined }));
});

test('an outcome of a record without a round names none', (t) => {
  const [first] = chain(adopted);
  const input = {
    now,
    promotion: promotionRef(promotion(), 'dev'),
    result: 'Failed',
    reason: 'Duplicate',
    message: 'y',
  } as const;
  t.false('round' in outcomeEntry({ ...input, round: first }));
});

test('the history of a promotion: rounds in order, the approval, and only outcomes are an end', (t) => {
  const records = chain(adopted, round(), outcome('Approved'), tampered);
  const history = historyOf(records, 'a');
  t.deepEqual(history.rounds, [records[1]!]);
  t.is(history.round, records[1]);
  t.is(history.approved, records[2]);
  t.is(history.ended, undefined);
});

test('a later end takes the place of an earlier one', (t) => {
  const records = chain(round(), outcome('Approved'), outcome('Completed'), outcome('RolledBack'));
  t.is(historyOf(records, 'a').ended?.outcome?.result, 'RolledBack');
});

test('only outcomes have a result, whatever else a record holds', (t) => {
  const { outcome: held } = outcome('Approved');
  t.is(resultOf(chain({ ...round(), outcome: held })[0]!), undefined);
  t.is(resultOf(chain({ type: 'Outcome', time })[0]!), undefined);
  t.is(resultOf(chain(outcome('Expired'))[0]!), 'Expired');
});

test('the approval that is open is the last one; one that ended leaves none open, and one of nobody is none', (t) => {
  const other = chain(
    round('a'),
    outcome('Approved', 'a'),
    outcome('Completed', 'a'),
    round('b'),
    outcome('Approved', 'b'),
  );
  t.is(openApproval(other), other[4]);
  const ended = chain(round('a'), outcome('Approved', 'a'), outcome('Failed', 'a'));
  t.is(openApproval(ended), undefined);
  const { promotion: _nobody, ...ofNobody } = outcome('Approved');
  const before = chain(round('a'), outcome('Approved', 'a'), ofNobody);
  t.is(openApproval(before), before[1]);
});

test('what became of a Job is what the records of its promotion say under its name, as soon as one does', (t) => {
  const job = { name: 'migrate', job: 'web-42-migrate', result: 'Completed' };
  const ended = { type: 'Job', time, promotion: about('a'), job } as RecordEntry;
  const records = chain(adopted, round(), ended);
  t.like(jobRecordOf(records, 'a', 'migrate'), job);
  t.is(jobRecordOf(records, 'a', 'seed'), undefined);
  t.is(jobRecordOf(records, 'b', 'migrate'), undefined);
});

test('the head of a chain is its last record, and an empty chain has none', (t) => {
  const records = chain(adopted, round());
  t.is(headOf(records), records[1]);
  t.is(headOf([]), undefined);
});

test('faults name the record, what is missing and what it follows, to the letter', (t) => {
  const [first, second, third] = chain(adopted, round(), outcome('Approved'));
  const changed = { ...first!, time: '2026-11-21T10:00:01Z' };
  t.deepEqual(chainFaults([changed]), [
    { sequence: 1, message: 'record 1 was changed: its digest does not fit its content' },
  ]);
  t.deepEqual(chainFaults([first!, third!]), [{ sequence: 3, message: 'before record 3, 2 is missing' }]);
  const follows = sealRecord(targetRef, [{ ...first!, digest: digestOf('another') }], round());
  t.deepEqual(chainFaults([first!, follows]), [{ sequence: 2, message: 'record 2 follows another record than 1' }]);
  t.deepEqual(chainFaults([second!]), [{ sequence: 2, message: 'before record 2, 1 is missing' }]);
  t.deepEqual(chainFaults([]), []);
});

test('specs of workloads are recorded to the letter, everything else in printable ASCII', (t) => {
  const specs = [{ kind: 'Deployment', name: 'web', digest: digestOf(1), spec: { title: 'é' } }] as const;
  const [record] = chain({
    ...adopted,
    message: 'é\tx\ny',
    currentSpecs: [...specs],
    desiredSpecs: [...specs],
    promotion: { ...about('a')!, reason: 'ü' },
  });
  t.is(record?.message, '\\u00e9\\u0009x\ny');
  t.is(record?.promotion?.reason, '\\u00fc');
  t.deepEqual(record?.currentSpecs, [...specs]);
  t.deepEqual(record?.desiredSpecs, [...specs]);
  const values: Partial<RecordEntry> = JSON.parse('{"gates":[{"count":5,"passed":true,"summary":null}]}');
  t.deepEqual(chain({ ...adopted, ...values })[0]?.gates, values.gates, 'what is no text stays what it is');
  const [bare] = chain(adopted);
  t.deepEqual(Object.keys(bare!).toSorted(), ['digest', 'sequence', 'target', 'time', 'type']);
});
