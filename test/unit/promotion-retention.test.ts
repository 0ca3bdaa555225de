/** Who deletes records: what is asked and written, in which order, and when nothing is. */
import test from 'ava';
import type { ProductionTarget } from '../../operator/api/index.ts';
import { silentLogger } from '../../operator/kube/index.ts';
import { retentionReconciler } from '../../operator/promotions/retention/index.ts';
import { nameOf, sealRecord, type RecordSpec } from '../../operator/records/index.ts';
import { targetRef } from './promotion-world.ts';

const signal = new AbortController().signal;
const hour = 3_600_000;
const start = Date.parse('2026-01-01T00:00:00Z');
const time = '2026-01-01T00:00:00Z';
const written: RecordSpec[] = [];
for (let index = 0; index < 4; index++)
  written.push(sealRecord(targetRef, written, { type: 'Tampered', time, tampered: [] }));

interface Scene {
  readonly after?: number;
  readonly target?: ProductionTarget | undefined;
  readonly records?: readonly RecordSpec[];
  readonly signed?: { readonly size: number; readonly digest: string } | undefined;
  readonly lock?: boolean;
  readonly isHead?: boolean;
  /** Uid of a promotion that the caches have not seen. */
  readonly unseen?: readonly string[];
}

const targetOf = (metadata: object = {}): ProductionTarget =>
  ({ metadata: { ...targetRef, ...metadata }, spec: { records: { keepFor: '720h' } } }) as unknown as ProductionTarget;

function scene(given: Scene) {
  const { after = 720 * hour, records = written, lock = true, isHead = true, unseen = [] } = given;
  const target = 'target' in given ? given.target : targetOf();
  const did: string[] = [];
  let words = '';
  const object = lock ? { spec: { approved: [] } } : undefined;
  const options = {
    client: {
      find: async () => (did.push('find'), object),
      list: async ({ kind }: { readonly kind: string }) => (
        did.push(`list ${kind}`),
        { items: kind === 'Promotion' ? unseen.map((uid) => ({ metadata: { uid } })) : [] }
      ),
      delete: async (_type: unknown, { name }: { readonly name: string }) => (did.push(`delete ${name}`), true),
    },
    records: {
      of: () => records,
      isHead: async () => isHead,
      append: async (_target: unknown, _chain: unknown, { type }: RecordSpec) => (did.push(`append ${type}`), true),
    },
    heads: {
      last: async () => given.signed,
      letGo: async (_chain: unknown, { size }: { readonly size: number }) => {
        const isNews = words !== `${size}`;
        words = `${size}`;
        if (isNews) did.push(`let go ${size}`);
        return isNews;
      },
    },
    caches: {
      targets: { lister: { get: () => target } },
      locks: { lister: { get: () => object } },
      promotions: { lister: { list: () => [] } },
    },
    inForce: { target: (live: unknown) => live },
    clock: { now: () => start + after },
    logger: silentLogger,
  };
  const reconcile = retentionReconciler(options as unknown as Parameters<typeof retentionReconciler>[0]);
  return { did, look: () => reconcile({ namespace: 'shop', name: 'web' }, signal) };
}

const cut = sealRecord(targetRef, written, {
  type: 'Cut',
  time,
  cut: { size: 2, digest: written[1]!.digest, keepFor: '720h' },
});
const chain = [...written, cut];
const head = { size: cut.sequence, digest: cut.digest };
const live = ['find', 'list Promotion', 'list Job'];

test('while nothing is old enough nobody is asked, and it looks again when something is', async (t) => {
  const { did, look } = scene({ after: 719 * hour });
  t.deepEqual(await look(), { requeueAfter: hour, since: start + 719 * hour });
  t.deepEqual(did, []);
});

test('a target that is gone, goes, or keeps records for ever, and one without a lock, cost nothing', async (t) => {
  for (const given of [
    { target: undefined },
    { target: targetOf({ deletionTimestamp: time }) },
    { target: { ...targetOf(), spec: {} } as unknown as ProductionTarget },
    { lock: false },
    { records: [] },
    { records: written.slice(1) },
  ]) {
    const { did, look } = scene(given);
    t.is(await look(), undefined);
    t.deepEqual(did, []);
  }
});

test('a cut is written after the API server itself was asked what needs the records', async (t) => {
  const { did, look } = scene({});
  t.is(await look(), undefined);
  t.deepEqual(did, [...live, 'append Cut']);
});

test('nothing is cut by what is not read to its end', async (t) => {
  const { did, look } = scene({ isHead: false });
  t.deepEqual(await look(), { requeueAfter: 50 });
  t.deepEqual(did, []);
});

test('what only the API server knows keeps records', async (t) => {
  const about: RecordSpec[] = [];
  for (const result of ['Rejected', 'Rejected', 'Rejected'] as const)
    about.push(
      sealRecord(targetRef, about, {
        type: 'Outcome',
        time,
        promotion: { namespace: 'shop', name: 'a', uid: 'a' },
        outcome: { result, reason: 'Test', message: '' },
      }),
    );
  const { did, look } = scene({ records: about, unseen: ['a'] });
  t.is(await look(), undefined);
  t.deepEqual(did, live);
});

test('nothing goes before the cut is signed for, by a head of this very chain', async (t) => {
  for (const signed of [
    undefined,
    { size: 4, digest: written[3]!.digest },
    { size: 5, digest: written[3]!.digest },
    { size: 9, digest: cut.digest },
  ]) {
    const { did, look } = scene({ records: chain, signed });
    t.is(await look(), undefined);
    t.deepEqual(did, live);
  }
});

test('admission is told first, and has a moment to hear it; then it goes, oldest first', async (t) => {
  const { did, look } = scene({ records: chain, signed: head });
  t.deepEqual(await look(), { requeueAfter: 1000 });
  t.deepEqual(did.splice(0), [...live, 'let go 2']);
  t.is(await look(), undefined);
  t.deepEqual(did, [...live, `delete ${nameOf(written[0]!)}`, `delete ${nameOf(written[1]!)}`]);
});
