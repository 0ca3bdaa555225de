/** Which records go when their time is over: at the bound, one moment before it, and what stays for a reason. */
import test from 'ava';
import { rfc3339 } from '../../operator/canonical/index.ts';
import {
  chainFaults,
  decideRetention,
  nameOf,
  sealRecord,
  type RecordEntry,
  type RecordSpec,
  type Retention,
  type Standing,
} from '../../operator/records/index.ts';
import { targetRef } from './promotion-world.ts';

const hour = 3_600_000;
const start = Date.parse('2026-01-01T00:00:00Z');
const keepFor = { text: '1000h', milliseconds: 1000 * hour };
const digest = `sha256:${'0'.repeat(64)}`;
const nothing: Standing = { approved: new Set(), promotions: new Set(), jobs: new Set() };
const standing = (changes: Partial<Record<keyof Standing, readonly string[]>>): Standing => ({
  approved: new Set(changes.approved),
  promotions: new Set(changes.promotions),
  jobs: new Set(changes.jobs),
});

type Content = Partial<RecordEntry> & Pick<RecordEntry, 'type'>;
const promotion = (uid: string) => ({ namespace: 'shop', name: uid, uid });
const specs = (...names: readonly string[]) =>
  names.map((name) => ({ kind: 'Deployment' as const, name, digest, spec: {} }));
const outcome = (result: NonNullable<RecordEntry['outcome']>['result']) => ({ result, reason: 'Test', message: '' });

/** One record an hour. */
function chainOf(...contents: readonly Content[]): readonly RecordSpec[] {
  const chain: RecordSpec[] = [];
  for (const content of contents)
    chain.push(sealRecord(targetRef, chain, { time: rfc3339(start + chain.length * hour), ...content }));
  return chain;
}

const adopted: Content = { type: 'Adopted', currentSpecs: specs('web') };
const tampered: Content = { type: 'Tampered', tampered: [] };
const round = (uid: string, more: Partial<RecordEntry> = {}): Content => ({
  type: 'Round',
  promotion: promotion(uid),
  desiredSpecs: specs('web'),
  ...more,
});
const approved = (uid: string, record: string): Content => ({
  type: 'Outcome',
  promotion: promotion(uid),
  round: { nonce: 'n', openedAt: rfc3339(start), notAfter: rfc3339(start), record },
  outcome: outcome('Approved'),
});
const ended = (uid: string, result: 'Completed' | 'Rejected' = 'Completed'): Content => ({
  type: 'Outcome',
  promotion: promotion(uid),
  outcome: outcome(result),
});

const decided = (records: readonly RecordSpec[], after: number, needs: Standing = nothing, keep = keepFor): Retention =>
  decideRetention({ now: start + after, keepFor: keep, records, standing: needs });
const numbers = (list: readonly { readonly sequence: number }[]): string =>
  list.map(({ sequence }) => sequence).join(', ');
/** `upto 4: 1, 3`: what a cut keeps, and behind `;` what it lets go of those that were kept. */
const told = (retention: Retention): string => {
  if (retention.do === 'Nothing')
    return retention.until === undefined ? 'nothing' : `nothing until ${(retention.until - start) / hour}`;
  if (retention.do === 'Delete') return `delete ${retention.names.map((name) => Number(name.slice(-6))).join(', ')}`;
  const { size = 0, kept = [], going = [] } = retention.entry.cut ?? {};
  return `upto ${size}: ${numbers(kept)}${going.length === 0 ? '' : `; ${numbers(going)}`}`;
};
const long = 5000 * hour;

/** A cut that was decided, in its chain. */
function withCut(records: readonly RecordSpec[], after: number, needs: Standing = nothing): readonly RecordSpec[] {
  const retention = decided(records, after, needs);
  if (retention.do !== 'Cut') throw new Error(told(retention));
  return [...records, sealRecord(targetRef, records, retention.entry)];
}
const without = (records: readonly RecordSpec[], ...gone: readonly number[]): readonly RecordSpec[] =>
  records.filter(({ sequence }) => !gone.includes(sequence));

test('a record goes when it is as old as the target says, and not a moment earlier', (t) => {
  const chain = chainOf(tampered, tampered, tampered);
  t.is(told(decided(chain, 1000 * hour - 1)), 'nothing until 1000');
  t.is(told(decided(chain, 1000 * hour)), 'upto 1: ');
  t.is(told(decided(chain, 1001 * hour - 1)), 'upto 1: ');
  t.is(told(decided(chain, 1001 * hour)), 'upto 2: ');
  t.is(told(decided(chain, long)), 'upto 2: ', 'the last one stays: the next names it');
  t.is(told(decided([], long)), 'nothing');
  t.is(told(decided(chain.slice(0, 1), long)), 'nothing');
});

test('the cut says all that an auditor needs', (t) => {
  const chain = chainOf(adopted, tampered, tampered);
  const retention = decided(chain, long);
  t.deepEqual(retention, {
    do: 'Cut',
    entry: {
      type: 'Cut',
      time: rfc3339(start + long),
      cut: {
        size: 2,
        digest: chain[1]!.digest,
        keepFor: '1000h',
        kept: [{ sequence: 1, digest: chain[0]!.digest }],
      },
    },
  });
});

test('adoptions and trust stay, whatever their age', (t) => {
  const trust: Content = { type: 'Trust', trust: { kind: 'ProductionTarget', name: 'web', version: 1 } };
  t.is(told(decided(chainOf(adopted, trust, tampered, tampered), long)), 'upto 3: 1, 2');
  t.is(told(decided(chainOf(adopted, trust, tampered), long)), 'nothing');
});

test('what is about one promotion goes together, when the last of it is old enough', (t) => {
  const chain = chainOf(round('a'), tampered, ended('a', 'Rejected'), tampered);
  t.is(told(decided(chain, 1001 * hour - 1)), 'nothing until 1001');
  t.is(told(decided(chain, 1001 * hour)), 'upto 2: 1');
  t.is(told(decided(chain, 1002 * hour - 1)), 'upto 2: 1');
  t.is(told(decided(chain, 1002 * hour)), 'upto 3: ');
});

test('a promotion that is there, that nothing ended, or that the lock refers to keeps all its records', (t) => {
  const chain = chainOf(round('a'), ended('a', 'Rejected'), round('b'), ended('b', 'Rejected'), tampered);
  t.is(told(decided(chain, long)), 'upto 4: ');
  t.is(told(decided(chain, long, standing({ promotions: ['a'] }))), 'upto 4: 1, 2');
  t.is(told(decided(chain, long, standing({ promotions: ['a', 'b', 'c'] }))), 'nothing');
  t.is(told(decided(chain, long, standing({ approved: [nameOf(chain[1]!)] }))), 'upto 4: 1, 2');
  const open = chainOf(round('a'), tampered, round('b'), ended('b', 'Rejected'), tampered);
  t.is(told(decided(open, long)), 'upto 4: 1');
  const passed = chainOf(
    round('a'),
    approved('a', 'web-000001'),
    tampered,
    round('b'),
    approved('b', 'web-000004'),
    ended('b'),
    tampered,
  );
  t.is(told(decided(passed, long)), 'upto 3: 1, 2', 'an approval is no end, whoever decided later');
  const rolling = chainOf(round('a'), approved('a', 'web-000001'), tampered, tampered);
  t.is(told(decided(rolling, long)), 'upto 3: 1, 2');
});

test('a record that the lock refers to stays where it is about no promotion', (t) => {
  const chain = chainOf(tampered, tampered, tampered);
  t.is(told(decided(chain, long, standing({ approved: ['web-000001'] }))), 'upto 2: 1');
  t.is(told(decided(chain, long, standing({ approved: ['web-000002'] }))), 'upto 1: ');
});

test('a Job that is there keeps the records of its promotion', (t) => {
  const jobs: RecordEntry['jobs'] = [{ when: 'before', name: 'migrate', job: 'a-migrate', digest, spec: {} }];
  const done: Content = {
    type: 'Job',
    promotion: promotion('a'),
    job: { name: 'migrate', job: 'a-migrate', result: 'Succeeded', message: '' },
  };
  const chain = chainOf(round('a', { jobs }), ended('a', 'Rejected'), done, tampered);
  t.is(told(decided(chain, long)), 'upto 3: ', 'a Job that is on record opens nothing');
  t.is(told(decided(chain, long, standing({ jobs: ['b-migrate'] }))), 'upto 3: ');
  t.is(told(decided(chain, long, standing({ jobs: ['a-migrate'] }))), 'nothing');
});

test('the last decision about each workload and object stays: it is recalled when the lock is lost', (t) => {
  const decision = (uid: string, at: number, more: Partial<RecordEntry> = {}): readonly Content[] => [
    round(uid, more),
    approved(uid, nameOf({ target: targetRef, sequence: at } as RecordSpec)),
    ended(uid),
  ];
  const both = { desiredSpecs: specs('web', 'worker') };
  const chain = chainOf(...decision('a', 1), ...decision('b', 4, both), ...decision('c', 7), tampered);
  t.is(told(decided(chain, long)), 'upto 3: ', 'b decided last about worker, c about web');
  const removal = { desiredSpecs: [], currentSpecs: specs('old') };
  const removing = chainOf(...decision('a', 1), ...decision('b', 4, removal), ...decision('c', 7), tampered);
  t.is(told(decided(removing, long)), 'upto 3: ', 'b took old away');
  for (const objects of [
    { desiredObjects: [{ kind: 'ConfigMap' as const, name: 'settings' }] },
    { currentObjects: [{ kind: 'ConfigMap' as const, name: 'settings' }] },
  ]) {
    const configuring = chainOf(...decision('a', 1, objects), ...decision('b', 4), ...decision('c', 7), tampered);
    t.is(told(decided(configuring, long)), 'upto 6: 1, 2, 3');
  }
  const { desiredSpecs: _gone, ...unread } = round('a');
  const lost = chainOf(unread, ...decision('a', 1).slice(1), ...decision('b', 4), tampered);
  t.is(told(decided(lost, long)), 'nothing', 'what its parts hold cannot be read');
  const orphan = chainOf(approved('a', 'web-000009'), ended('a'), tampered);
  t.is(told(decided(orphan, long)), 'upto 2: ', 'its round went before it');
});

test('parts go with the record that names them, and by their age where none does', (t) => {
  const part = (index: number): Content => ({ type: 'Part', part: { index, digest, text: '' } });
  const parts = [{ fields: ['jobs' as const], digest, records: ['web-000001', 'web-000003'] }];
  const chain = chainOf(part(1), part(1), part(2), round('a', { parts }), ended('a', 'Rejected'), tampered);
  t.is(told(decided(chain, 1003 * hour)), 'upto 2: 1');
  t.is(told(decided(chain, 1004 * hour)), 'upto 5: ');
  t.is(told(decided(chain, long, standing({ promotions: ['a'] }))), 'upto 2: 1');
});

test('a time that cannot be read never comes', (t) => {
  t.is(told(decided(chainOf({ ...tampered, time: 'then' }, tampered, tampered), long)), 'nothing');
  const turned = chainOf({ ...tampered, time: rfc3339(start + 10 * hour) }, tampered, tampered);
  t.is(told(decided(turned, 1009 * hour)), 'nothing until 1010', 'none goes before one that was written before it');
});

test('what a cut lets go is deleted oldest first, from wherever somebody died', (t) => {
  const chain = withCut(chainOf(adopted, tampered, tampered, tampered, tampered), 1002 * hour);
  t.is(told(decided(chain, 1002 * hour)), 'delete 2, 3');
  t.is(told(decided(without(chain, 2), 1002 * hour)), 'delete 3');
  const retention = decided(chain, 1002 * hour);
  t.is(retention.do === 'Delete' && retention.by.sequence, 6);
  t.is(told(decided(without(chain, 2, 3), 1002 * hour)), 'nothing until 1102');
  t.deepEqual(chainFaults(without(chain, 2, 3)), []);
});

test('a target that keeps records longer since then keeps what is left', (t) => {
  const chain = withCut(chainOf(tampered, tampered, tampered, tampered), 1001 * hour);
  const longer = { text: '2000h', milliseconds: 2000 * hour };
  t.is(told(decided(chain, 1001 * hour, nothing, longer)), 'nothing until 2000');
  t.is(told(decided(chain, 2000 * hour, nothing, longer)), 'delete 1');
  t.is(told(decided(chain, 2001 * hour, nothing, longer)), 'delete 1, 2');
});

test('what is needed again before it went is named by another cut', (t) => {
  const records = chainOf(adopted, round('a'), ended('a', 'Rejected'), tampered, tampered, tampered);
  const chain = withCut(records, long);
  t.is(told(decided(chain, long)), 'delete 2, 3, 4, 5');
  const needs = standing({ promotions: ['a'] });
  t.is(told(decided(chain, long, needs)), 'upto 5: 1, 2, 3');
  const again = withCut(chain, long, needs);
  t.is(told(decided(again, long, needs)), 'delete 4, 5');
  t.deepEqual(chainFaults(without(again, 4, 5)), []);
  const { entry } = decided(chain, long, needs) as Extract<Retention, { readonly do: 'Cut' }>;
  t.is(entry.cut?.digest, records[4]!.digest);
  t.is(entry.cut?.keepFor, '1000h');
});

test('cuts are few: another one is made a tenth of the time after the last', (t) => {
  const records = chainOf(tampered, tampered, tampered, tampered);
  const chain = without(withCut(records, 1000 * hour), 1);
  t.is(told(decided(chain, 1100 * hour - 1)), 'nothing until 1100');
  t.is(told(decided(chain, 1100 * hour)), 'upto 4: ', 'the cut is the last record, and the others are old');
  const cuts = chainOf(tampered, tampered, { type: 'Cut', cut: { size: 1, digest, keepFor: '1000h' } }, adopted);
  t.is(told(decided(cuts.slice(2), long)), 'nothing', 'cuts alone are no reason for another one');
});

test('what an earlier cut kept goes by name, since nothing leads to it', (t) => {
  const records = chainOf(adopted, round('a'), ended('a', 'Rejected'), tampered, tampered, tampered);
  const first = without(withCut(records, 1004 * hour, standing({ promotions: ['a'] })), 4, 5);
  t.is(told(decided(first, 1104 * hour - 1)), 'nothing until 1104');
  t.is(told(decided(first, 1104 * hour)), 'upto 6: 1; 2, 3');
  const second = withCut(first, 1104 * hour);
  t.is(told(decided(second, 1104 * hour)), 'delete 2, 3, 6');
  for (const gone of [[2], [2, 3], [2, 3, 6]]) t.deepEqual(chainFaults(without(second, ...gone)), []);
  // Where nothing behind the last cut is old, its end stays.
  const kept = chainOf(adopted, round('a'), ended('a', 'Rejected'), tampered, adopted, adopted);
  const once = without(withCut(kept, 1003 * hour, standing({ promotions: ['a'] })), 4);
  t.is(told(decided(once, 1103 * hour)), 'upto 4: 1; 2, 3');
  t.deepEqual(chainFaults(withCut(once, 1103 * hour)), []);
  t.deepEqual(chainFaults(without(withCut(once, 1103 * hour), 2, 3)), []);
});

test('a cut names as many records as one record holds, and lets go what stands before more of them', (t) => {
  const many = chainOf(tampered, ...Array.from({ length: 512 }, () => adopted), tampered, adopted, tampered, tampered);
  const retention = decided(many, long);
  t.is(retention.do === 'Cut' && retention.entry.cut?.size, 514);
  t.is(retention.do === 'Cut' && retention.entry.cut?.kept?.length, 512);
  const more = chainOf(...Array.from({ length: 513 }, () => adopted), tampered, tampered);
  t.is(told(decided(more, long)), 'nothing');
});
