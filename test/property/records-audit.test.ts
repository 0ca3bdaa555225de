/** Whatever an auditor is given, the answer is a verdict, and no changed export passes for the one that was written. */
import test from 'ava';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { digestOfBytes } from '../../operator/canonical/index.ts';
import {
  keyLine,
  keyName,
  parseKeyLine,
  parseWitnesses,
  readExport,
  sealRecords,
  signCheckpoint,
  verifyExport,
  writeExport,
  type RecordEntry,
  type RecordSpec,
} from '../../operator/records/index.ts';

const target = { namespace: 'shop', name: 'web', uid: 'u' };
const time = '2026-11-21T10:00:00Z';
const { privateKey } = generateKeyPairSync('ed25519');
const keys = [parseKeyLine(keyLine(keyName('c'), createPublicKey(privateKey)))].filter((key) => key !== undefined);
const trust = { keys, witnesses: [], countersignatures: [] };

const adopted = (note: string): RecordEntry => ({
  type: 'Adopted',
  time,
  currentSpecs: [{ kind: 'Deployment', name: 'web', digest: digestOfBytes(note), spec: { note } }],
});
const records: RecordSpec[] = [];
for (const entry of [
  adopted('a'),
  { type: 'Outcome', time, outcome: { result: 'Failed', reason: 'Test', message: 'é' } },
] as const)
  records.push(...sealRecords(target, records, entry));
const head = records.at(-1);
const checkpoint = signCheckpoint(
  { cluster: 'c', namespace: 'shop', target: 'web', size: records.length, digest: head?.digest ?? '' },
  privateKey,
);
const exported = writeExport({ records, checkpoint, keys: [] }).join('\n');

const isSound = (text: string): boolean => {
  const { chains, problems } = verifyExport(readExport(text), trust);
  return (
    problems.length === 0 &&
    chains.length === 1 &&
    chains.every(({ intact, complete }) => intact === 'yes' && complete === 'yes')
  );
};

test('what was written is sound', (t) => t.true(isSound(exported)));

test('no changed, removed or added character makes another export that is sound', (t) => {
  const change = fc.tuple(fc.nat(exported.length - 1), fc.nat(1), fc.string({ maxLength: 2 }));
  fc.assert(
    fc.property(change, ([at, removed, added]) => {
      const text = exported.slice(0, at) + added + exported.slice(at + removed);
      const { records: found } = readExport(text);
      // White space and the like: the same records all the same.
      if (
        found.length === records.length &&
        found.every(({ record }, index) => isDeepStrictEqual(record, records[index]))
      )
        return;
      t.false(isSound(text), text);
    }),
    { numRuns: 2000 },
  );
});

test('no line that is left out, and no order of lines, makes a shorter chain sound', (t) => {
  const lines = exported.split('\n');
  fc.assert(
    fc.property(fc.shuffledSubarray(lines), (some) => {
      t.is(isSound(some.join('\n')), some.length === lines.length);
    }),
  );
});

const json = fc.json({ maxDepth: 3 });
const shaped = fc
  .record(
    {
      record: fc.record(
        {
          target: fc.oneof(fc.constant(target), fc.jsonValue()),
          sequence: fc.oneof(fc.integer(), fc.double(), fc.jsonValue()),
          digest: fc.oneof(fc.constant(digestOfBytes('x')), fc.jsonValue()),
          previous: fc.oneof(fc.constant({ name: 'a', digest: digestOfBytes('x') }), fc.jsonValue()),
          parts: fc.oneof(
            fc.constant([{ fields: ['votes'], digest: digestOfBytes(''), records: ['web-000001'] }]),
            fc.jsonValue(),
          ),
          part: fc.jsonValue(),
          ['__proto__']: fc.jsonValue(),
        },
        { requiredKeys: ['target', 'sequence', 'digest'] },
      ),
      masked: fc.jsonValue(),
      checkpoint: fc.oneof(fc.constant(checkpoint), fc.jsonValue()),
      keys: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  .map((line) => JSON.stringify(line));

test('hostile text is a verdict, never a throw', (t) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(shaped, json, fc.string())), fc.string(), (lines, witnesses) => {
      const { chains } = verifyExport(readExport(lines.join('\n')), { ...trust, ...parseWitnesses(witnesses) });
      for (const { complete, intact } of chains)
        t.true([complete, intact].every((answer) => /^(yes|no|unknown)$/.test(answer)));
    }),
    { numRuns: 2000 },
  );
});
