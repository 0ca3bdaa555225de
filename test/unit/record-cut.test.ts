/** A chain whose oldest records went when their time was over: what a cut lets go, and what it does not. */
import test from 'ava';
import { spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOfBytes } from '../../operator/canonical/index.ts';
import {
  chainFaults,
  checkpointText,
  departureOf,
  keyLine,
  keyName,
  newestCut,
  parseKeyLine,
  parseWitnesses,
  readExport,
  sealRecord,
  signCheckpoint,
  verifyExport,
  writeExport,
  type ChainVerdict,
  type RecordEntry,
  type RecordSpec,
  type Trust,
} from '../../operator/records/index.ts';
import { workshop } from '../vectors/ssh.ts';
import { targetRef } from './promotion-world.ts';

const script = join(import.meta.dirname, '../../examples/audit/verify-chain.sh');
const time = '2026-11-21T10:00:00Z';
const entry = (message: string): RecordEntry => ({
  type: 'Outcome',
  time,
  outcome: { result: 'Failed', reason: 'Test', message },
});
const place = ({ sequence, digest }: RecordSpec) => ({ sequence, digest });

/** Nine records; the ninth is a cut of the first six that keeps the second. */
const chain: RecordSpec[] = [];
for (let index = 1; index <= 8; index++) chain.push(sealRecord(targetRef, chain, entry(`number ${index}`)));
const at = (sequence: number): RecordSpec => chain[sequence - 1]!;
const cutOf = (changes: Partial<NonNullable<RecordSpec['cut']>> = {}): RecordEntry => ({
  type: 'Cut',
  time,
  cut: { size: 6, digest: at(6).digest, keepFor: '8760h', kept: [place(at(2))], ...changes },
});
chain.push(sealRecord(targetRef, chain, cutOf()));
const only = (...sequences: readonly number[]): readonly RecordSpec[] => sequences.map(at);
const words = (records: readonly RecordSpec[]): string =>
  chainFaults(records)
    .map(({ message }) => message)
    .join('; ');

test('killed anywhere on the way, oldest first, a chain holds', (t) => {
  t.is(words(chain), '');
  for (const gone of [[1], [1, 3], [1, 3, 4], [1, 3, 4, 5], [1, 3, 4, 5, 6]])
    t.is(words(chain.filter(({ sequence }) => !gone.includes(sequence))), '', gone.join());
  t.is(words(only(2, 7, 8, 9)), '');
});

test('what a cut kept has to be there, as it was', (t) => {
  t.is(words(only(7, 8, 9)), 'record 2 is missing: the cut in record 9 kept it');
  const other = sealRecord(targetRef, only(1), entry('another 2'));
  t.is(
    words([other, ...only(7, 8, 9)]),
    'record 2 is none that the cut in record 9 left there; record 2 is missing: the cut in record 9 kept it',
  );
});

test('what leads to nothing and is kept by nobody was put there', (t) => {
  t.is(words(only(2, 4, 6, 7, 8, 9)), 'record 4 is none that the cut in record 9 left there');
  t.is(words(only(2, 5, 7, 8, 9)), 'record 5 is none that the cut in record 9 left there');
  const other = sealRecord(targetRef, only(4, 5), entry('another 6'));
  t.is(words([at(2), other, ...only(7, 8, 9)]), 'record 6 is none that the cut in record 9 left there');
  const changed = { ...at(5), outcome: { ...at(5).outcome!, message: 'else' } };
  t.is(words([at(2), changed, ...only(6, 7, 8, 9)]), 'record 5 was changed: its digest does not fit its content');
});

test('behind a cut nothing may be missing', (t) => {
  t.is(words(only(2, 8, 9)), 'before record 8, 7 is missing');
  t.is(words(only(2, 6, 8, 9)), 'before record 8, 7 is missing');
  t.is(words(only(2, 7, 9)), 'before record 9, 8 is missing');
  t.is(words(only(2, 7, 8)), 'before record 2, 1 is missing; before record 7, 3 is missing');
});

test('a cut that says another digest than the records is believed nothing', (t) => {
  const wrong = sealRecord(targetRef, only(8), cutOf({ digest: digestOfBytes('6') }));
  t.is(words([...only(2, 7, 8), wrong]), 'record 7 follows another record than 6');
  t.is(words([...only(2, 6, 7, 8), wrong]).split('; ')[1], 'record 6 is none that the cut in record 9 left there');
});

test('no record takes itself for gone', (t) => {
  const own = sealRecord(targetRef, only(8), cutOf({ size: 9 }));
  t.is(newestCut([own]), undefined);
  t.is(words([own]), 'before record 9, 1 is missing');
});

test('the newest cut counts, and what it lets go of those that were kept may be there still', (t) => {
  const tenth = sealRecord(targetRef, chain, entry('number 10'));
  const next = sealRecord(
    targetRef,
    [tenth],
    cutOf({ size: 8, digest: at(8).digest, kept: [], going: [place(at(2))] }),
  );
  t.is(newestCut([...chain, tenth, next])?.sequence, 11);
  t.is(words([...only(2, 7, 8, 9), tenth, next]), '');
  t.is(words([...only(7, 8, 9), tenth, next]), '');
  t.is(words([at(9), tenth, next]), '');
  t.is(words([tenth, next]), 'before record 10, 9 is missing');
  t.is(words([at(3), at(9), tenth, next]), 'record 3 is none that the cut in record 11 left there');
});

test('a head that was signed for before a cut is denied only where that can be told', (t) => {
  const left = only(2, 7, 8, 9);
  const signed = (size: number, digest = at(size).digest) => departureOf(left, { size, digest })?.kind;
  t.is(signed(5), undefined, 'gone');
  t.is(signed(6), undefined, 'gone, and the cut has its digest');
  t.is(signed(6, at(5).digest), 'Rewritten');
  t.is(signed(2), undefined);
  t.is(signed(2, at(5).digest), 'Rewritten');
  t.is(signed(7), undefined);
  t.is(signed(7, at(5).digest), 'Rewritten');
  t.is(departureOf(only(2, 8, 9), { size: 7, digest: at(7).digest })?.kind, 'Rewritten', 'behind the cut');
});

const cluster = 'cluster-uid';
const { privateKey } = generateKeyPairSync('ed25519');
const key = keyLine(keyName(cluster), createPublicKey(privateKey));
const head = (size: number) => ({ cluster, namespace: 'shop', target: 'web', size, digest: at(size).digest });
const note = (size: number): string => signCheckpoint(head(size), privateKey);
const trusting: Trust = { keys: [parseKeyLine(key)!], witnesses: [], countersignatures: [] };
const judged = (records: readonly RecordSpec[], notes: readonly string[], trust = trusting): ChainVerdict => {
  const lines = writeExport({ records, checkpoint: undefined, keys: [] });
  const text = [...lines, ...notes.map((checkpoint) => JSON.stringify({ checkpoint }))].join('\n');
  const { chains, problems } = verifyExport(readExport(text), trust);
  if (chains.length !== 1 || problems.length > 0) throw new Error(problems.join());
  return chains[0]!;
};
const answers = ({ intact, complete }: ChainVerdict): string => `${intact} ${complete}`;

test('an export behind a cut that was signed for is intact and complete, whatever older head an auditor kept', (t) => {
  const verdict = judged(only(2, 7, 8, 9), [note(9)]);
  t.is(answers(verdict), 'yes yes');
  t.deepEqual([verdict.faults, verdict.doubts], [[], []]);
  t.is(answers(judged(only(2, 7, 8, 9), [note(4), note(6), note(9)])), 'yes yes');
});

test('a start that is missing without a cut, or beside it, is not intact', (t) => {
  t.is(answers(judged(only(2, 7, 8), [note(8)])), 'no yes');
  t.is(answers(judged(only(7, 8, 9), [note(9)])), 'no yes');
  t.is(answers(judged(only(2, 8, 9), [note(9)])), 'no yes');
});

test('a cut for which nobody signed proves nothing: anybody can write one', (t) => {
  for (const [notes, trust] of [
    [[], trusting],
    [[note(8)], trusting],
    [[note(9)], { ...trusting, keys: [] }],
  ] as const) {
    const verdict = judged(only(2, 7, 8, 9), notes, trust);
    t.is(answers(verdict), 'unknown unknown');
    t.is(verdict.doubts[0], 'record 1 is gone by the cut in record 9, for which no checkpoint that counts was signed');
  }
  t.is(answers(judged(chain, [])), 'yes unknown', 'nothing is gone');
  const forged = sealRecord(targetRef, only(7), cutOf());
  t.is(answers(judged([...only(2, 7), forged], [note(8)])), 'no no');
  t.is(answers(judged(only(2, 7, 8, 9), [signCheckpoint({ ...head(9), size: 10 }, privateKey)])), 'unknown no');
});

test('what a witness saw and is gone can be told with an older export alone', (t) => {
  const shop = workshop();
  t.teardown(() => shop.remove());
  const bank = shop.makeKey('ed25519');
  const { witnesses } = parseWitnesses(`bank ${bank.line}\n`);
  const text = checkpointText(head(4));
  const trust = {
    ...trusting,
    witnesses,
    countersignatures: [bank.sign(text, { namespace: 'checkpoint.v1@twinlock.dev' })],
  };
  const verdict = judged(only(2, 7, 8, 9), [text, note(9)], trust);
  t.is(answers(verdict), 'yes unknown');
  t.deepEqual(verdict.doubts, ['bank signed for record 4, which is gone: give an export from before the cut too']);
  t.is(answers(judged(chain, [text, note(9)], trust)), 'yes yes');
});

test('a cut that is none is no record', (t) => {
  const line = (cut: unknown): string => JSON.stringify({ record: { ...at(9), cut } });
  const digest = at(6).digest;
  t.deepEqual(readExport(line(at(9).cut)).problems, []);
  t.deepEqual(readExport(line({ size: 6, digest })).problems, []);
  for (const cut of [
    null,
    6,
    {},
    { size: '6', digest },
    { size: 6, digest: 'x' },
    { size: 6, digest, kept: {} },
    { size: 6, digest, going: 'x' },
    { size: 6, digest, kept: [null] },
    { size: 6, digest, kept: [place(at(2)), { sequence: 3 }] },
    { size: 6, digest, going: [{ digest }] },
  ])
    t.is(readExport(line(cut)).problems.length, 1, JSON.stringify(cut));
});

test('the script that knows no Twinlock says the same of each chain', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cut-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'records.json');
  const said = (records: readonly RecordSpec[]): string => {
    writeFileSync(file, JSON.stringify({ items: records.map((spec) => ({ spec })) }));
    return spawnSync('bash', [script, file, 'web'], { encoding: 'utf8' }).stdout;
  };
  const other = sealRecord(targetRef, only(4, 5), entry('another 6'));
  for (const records of [chain, only(2, 7, 8, 9), only(2, 5, 6, 7, 8, 9)])
    t.regex(said(records), /hold together/, words(records));
  t.regex(said(only(7, 8, 9)), /FAULT record 2 is missing: the cut kept it/);
  t.regex(said(only(2, 4, 6, 7, 8, 9)), /FAULT record 4 is none that the cut left there/);
  t.regex(said([at(2), other, ...only(7, 8, 9)]), /FAULT record 6 is none that the cut left there/);
  t.regex(said(only(2, 8, 9)), /FAULT record 7 is missing/);
  t.regex(said(only(2, 7, 8)), /FAULT record 1 is missing/);
});
