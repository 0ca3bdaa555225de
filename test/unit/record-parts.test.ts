/** What is too large for one object is in parts of the same chain, and nothing of it is lost. */
import test from 'ava';
import { digestOf, digestOfBytes } from '../../operator/canonical/index.ts';
import { PromotionRecord, promotionRecordKind } from '../../operator/api/index.ts';
import { Cache, type Client, type ObjectKey } from '../../operator/kube/index.ts';
import {
  chainFaults,
  maskedRecord,
  nameOf,
  readExport,
  recordDigest,
  RecordStore,
  sealRecord,
  sealRecords,
  verifyExport,
  type RecordEntry,
  type RecordSpec,
} from '../../operator/records/index.ts';
import { assembled, isParts } from '../../operator/records/parts.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { targetRef } from './promotion-world.ts';

const MAX = 400_000;
const time = '2026-11-21T10:00:00Z';
const filled = (padding: string): RecordEntry => {
  const spec = { note: padding, umlaut: 'é \u202e \u007f \u{1f600}', quoted: '"\\\n' };
  return { type: 'Adopted', time, currentSpecs: [{ kind: 'Deployment', name: 'web', digest: digestOf(spec), spec }] };
};
/** Characters that the specs take as printable ASCII. */
const bare = JSON.stringify({ currentSpecs: filled('').currentSpecs }).replace(
  /[^\x20-\x7e]/g,
  (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
).length;
const adopted = (characters: number): RecordEntry => filled('x'.repeat(characters - bare));
const first = sealRecord(targetRef, [], { type: 'Adopted', time, currentSpecs: [] });

/** What the store gives of these records as they are stored. */
async function stored(records: readonly RecordSpec[], t: { teardown(end: () => void): void }): Promise<RecordStore> {
  const all = new Map<string, PromotionRecord>();
  const client = {
    create: async (_type: unknown, record: PromotionRecord): Promise<PromotionRecord> => {
      const made = {
        ...record,
        metadata: { ...record.metadata, uid: record.metadata.name, resourceVersion: `${200 + all.size}` },
      };
      all.set(made.metadata.name, made);
      return made;
    },
    find: async (_type: unknown, { name }: ObjectKey): Promise<PromotionRecord | undefined> => all.get(name),
    async *watch(_type: unknown, { signal }: { readonly signal?: AbortSignal }): AsyncGenerator<object> {
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      yield { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: '100', annotations } } };
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
    },
  } as unknown as Client;
  const cache = new Cache({ client, clock: new ManualClock(0) });
  const informer = cache.informer(PromotionRecord);
  const store = new RecordStore({ client, informer });
  const end = new AbortController();
  void cache.run(end.signal);
  t.teardown(() => end.abort());
  await informer.whenSynced();
  for (const spec of records)
    informer.absorb({
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'PromotionRecord',
      metadata: { namespace: 'shop', name: nameOf(spec), uid: nameOf(spec), resourceVersion: `${100 + spec.sequence}` },
      spec,
    });
  return store;
}

test('at the bound a record is one, a character beyond it has two parts before it', (t) => {
  t.is(sealRecords(targetRef, [first], adopted(MAX)).length, 1);
  const sealed = sealRecords(targetRef, [first], adopted(MAX + 1));
  t.deepEqual(
    sealed.map((record) => `${nameOf(record)} ${record.type} ${record.part?.text.length ?? '-'}`),
    [`web-000002 Part ${MAX}`, 'web-000003 Part 1', 'web-000004 Adopted -'],
  );
  t.deepEqual(sealed[2]?.parts, [
    { fields: ['currentSpecs'], digest: sealed[0]!.part!.digest, records: ['web-000002', 'web-000003'] },
  ]);
  t.false('currentSpecs' in sealed[2]!);
  t.deepEqual(chainFaults([first, ...sealed]), []);
  for (const record of sealed) t.true(promotionRecordKind.spec.safeParse(record).success, nameOf(record));
});

test('what is read back is what was written, to the letter, and its digest is that of what is stored', async (t) => {
  const entry = adopted(3 * MAX + 7);
  const sealed = sealRecords(targetRef, [first], entry);
  t.is(sealed.length, 5);
  const store = await stored([first, ...sealed], t);
  const chain = store.of(targetRef);
  t.deepEqual(chain.at(-1)?.currentSpecs, entry.currentSpecs);
  t.is(sealed.at(-1)!.digest, recordDigest(chain.at(-1)!));
  t.deepEqual(chainFaults(chain), []);
  t.is(store.of(targetRef).at(-1), chain.at(-1), 'it is put together once');
});

const MAY_LEAVE = [
  ...(['currentSpecs', 'desiredSpecs', 'currentObjects', 'desiredObjects', 'accepted'] as const),
  ...(['statements', 'votes', 'allowedSigners', 'keyring', 'gates', 'artifacts'] as const),
];
for (const field of MAY_LEAVE)
  test(`nothing is lost of what is too large: ${field}`, (t) => {
    const large = { type: 'Round', time, [field]: ['x'.repeat(MAX)] } as RecordEntry;
    const sealed = sealRecords(targetRef, [], large);
    const stays = sealed.at(-1)!;
    t.false(field in stays);
    const whole = assembled(stays, (name) => sealed.find((record) => nameOf(record) === name));
    t.deepEqual(whole?.[field], large[field]);
  });

test('the store writes parts first, then what names them', async (t) => {
  const store = await stored([], t);
  t.true(await store.append(targetRef, [], adopted(MAX + 1)));
  t.deepEqual(
    store.of(targetRef).map(({ type }) => type),
    ['Part', 'Part', 'Adopted'],
  );
  t.true(await store.append(targetRef, store.of(targetRef), { type: 'Adopted', time, currentSpecs: [] }));
  t.deepEqual(chainFaults(store.of(targetRef)), []);
});

test('a record whose part is not there stays without what the part holds', async (t) => {
  const sealed = sealRecords(targetRef, [first], adopted(MAX + 1));
  const store = await stored([first, sealed[0]!, sealed[2]!], t);
  t.is(store.of(targetRef).at(-1)?.currentSpecs, undefined);
  const part = { index: 1, digest: sealed[0]!.part!.digest, text: '{' };
  const other = await stored([first, { ...sealed[0]!, part }, sealed[1]!, sealed[2]!], t);
  t.is(other.of(targetRef).at(-1)?.currentSpecs, undefined);
});

test('parts that fit the digest and hold no JSON are nothing', async (t) => {
  const digest = digestOfBytes('{');
  const part = sealRecord(targetRef, [first], { type: 'Part', time, part: { index: 1, digest, text: '{' } });
  const parts = [{ fields: ['currentSpecs'] as const, digest, records: [nameOf(part)] }];
  const adoptedOf = sealRecord(targetRef, [first, part], { type: 'Adopted', time, parts });
  const store = await stored([first, part, adoptedOf], t);
  t.is(store.of(targetRef).at(-1)?.currentSpecs, undefined);
});

test('a try that was killed between its parts is gone on with, whatever stood there', (t) => {
  const whole = sealRecords(targetRef, [first], adopted(2 * MAX + 1));
  const later = { ...adopted(2 * MAX + 1), time: '2026-11-21T11:00:00Z' };
  for (const there of [1, 2, 3]) {
    const before = [first, ...whole.slice(0, there)];
    const rest = sealRecords(targetRef, before, later);
    t.is(rest.length, 4 - there);
    t.is(nameOf(rest.at(-1)!), 'web-000005', 'at the same place');
    t.deepEqual(rest.at(-1)?.parts, whole.at(-1)?.parts);
    t.deepEqual(chainFaults([...before, ...rest]), []);
  }
  t.is(sealRecords(targetRef, [first, whole[1]!], later).length, 4, 'a part without the one before it is no beginning');
  const between = sealRecord(targetRef, [first, whole[0]!], { type: 'Adopted', time, currentSpecs: [] });
  t.is(sealRecords(targetRef, [first, whole[0]!, between], later).length, 4, 'parts are in one piece');
  t.is(sealRecords(targetRef, [first, ...whole], later).length, 4, 'what is named already is not taken again');
});

test('votes and statements leave apart from specs, and only where they are too large themselves', (t) => {
  const long = 'y'.repeat(MAX);
  const entry: RecordEntry = { ...adopted(MAX + 1), type: 'Round', statements: { approve: long, reject: 'r' } };
  const sealed = sealRecords(targetRef, [], entry);
  t.deepEqual(
    sealed.at(-1)?.parts?.map(({ fields, records }) => [...fields, records.length]),
    [
      ['currentSpecs', 2],
      ['statements', 2],
    ],
  );
  const small = sealRecords(targetRef, [], { ...entry, statements: { approve: 'a', reject: 'r' } });
  t.deepEqual(small.at(-1)?.statements, { approve: 'a', reject: 'r' });
});

/** What an auditor is told. */
function faults(records: readonly object[]): readonly string[] {
  const text = records.map((record) => JSON.stringify({ record })).join('\n');
  const { chains } = verifyExport(readExport(text), { keys: [], witnesses: [], countersignatures: [] });
  return chains[0]?.faults ?? [];
}

test('an auditor is told of parts that are missing, exchanged, or beside what stands in the record itself', (t) => {
  const chain = [first, ...sealRecords(targetRef, [first], adopted(MAX + 1))];
  t.deepEqual(faults(chain), []);
  const [, one, two, last] = chain as [RecordSpec, RecordSpec, RecordSpec, RecordSpec];
  t.deepEqual(faults([first, one, two, { ...last, currentSpecs: [] }]), [
    'record 4 holds what it says is in its parts',
  ]);
  t.regex(
    faults([first, one, last]).join(),
    /before record 4, 3 is missing.*the parts of record 4 are not what it says/,
  );
  const { digest: _d, sequence: _s, previous: _p, target: _t, ...entry } = two;
  const exchanged = sealRecord(targetRef, [first, one], { ...entry, part: { ...entry.part!, text: 'z' } });
  t.true(faults([first, one, exchanged, last]).includes('the parts of record 4 are not what it says'));
  for (const parts of [
    7,
    [7],
    [{ fields: 'x', digest: one.digest, records: [] }],
    [{ fields: [], digest: 'x', records: [] }],
  ]) {
    const text = JSON.stringify({ record: { ...last, parts } });
    t.regex(readExport(text).problems[0] ?? '', /a record without target, sequence or digest/);
  }
});

test('a part is masked in a log as a whole: a piece does not say what it is a piece of', (t) => {
  const [part] = sealRecords(targetRef, [], adopted(MAX + 1));
  const { record, masked } = maskedRecord(part!);
  t.true(masked);
  t.like(record, { type: 'Part', digest: part!.digest, part: { digest: part!.part!.digest, text: '(masked)' } });
});

test('parts are named by texts and digests, each of them', (t) => {
  const part = { fields: ['votes'], digest: digestOf('x'), records: ['web-000002', 'web-000003'] };
  t.true(isParts(undefined));
  t.true(isParts([part, part]));
  t.true(isParts([]));
  for (const other of [
    {},
    { ...part, fields: ['votes', 1] },
    { ...part, records: ['web-000002', 3] },
    { ...part, digest: 'x' },
    { ...part, fields: 'votes' },
    { ...part, records: 'web' },
  ])
    t.false(isParts([part, other]), JSON.stringify(other));
  t.false(isParts(part));
  t.false(isParts(null));
});
