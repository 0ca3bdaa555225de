import test from 'ava';
import { PromotionRecord } from '../../operator/api/index.ts';
import { ApiError, Cache, ManualClock, type Client, type Informer, type ObjectKey } from '../../operator/kube/index.ts';
import {
  RecordMirror,
  RecordStore,
  sealRecord,
  type RecordEntry,
  type RecordSpec,
} from '../../operator/records/index.ts';
import { now, targetRef } from './promotion-world.ts';

const entry: RecordEntry = { type: 'Adopted', time: '2026-11-21T10:00:00Z' };
const unasked = (): Promise<never> => Promise.reject(new Error('not needed'));

function chain(length: number, target = targetRef): readonly RecordSpec[] {
  const records: RecordSpec[] = [];
  while (records.length < length) records.push(sealRecord(target, records, entry));
  return records;
}

function stored(spec: RecordSpec, resourceVersion = '20'): PromotionRecord {
  const name = `${spec.target.name}-${String(spec.sequence).padStart(6, '0')}`;
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'PromotionRecord',
    metadata: { name, namespace: spec.target.namespace, uid: `${name}-uid`, resourceVersion },
    spec,
  };
}

/** An informer that has listed these records, and stopped to follow the API server. */
async function informerOf(held: readonly PromotionRecord[]): Promise<Informer<PromotionRecord>> {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  const client = {
    list: unasked,
    watch: async function* () {
      for (const object of held) yield { type: 'ADDED', object };
      yield {
        type: 'BOOKMARK',
        object: { ...stored(chain(1)[0]!, '10'), metadata: { name: '', resourceVersion: '10', annotations } },
      };
      await new Promise((resolve) => setImmediate(resolve));
    },
  } as unknown as Pick<Client, 'list' | 'watch'>;
  const cache = new Cache({ client });
  const informer = cache.informer(PromotionRecord);
  const stop = new AbortController();
  const running = cache.run(stop.signal);
  await informer.whenSynced();
  stop.abort();
  await running;
  return informer;
}

interface Stage {
  readonly store: RecordStore;
  readonly created: unknown[];
  readonly looked: ObjectKey[];
}

/** What is cached, what the API server answers to a create, and what it finds. */
async function stage({
  held = [],
  create,
  found,
}: {
  readonly held?: readonly PromotionRecord[];
  readonly create?: unknown;
  readonly found?: PromotionRecord;
} = {}): Promise<Stage> {
  const created: unknown[] = [];
  const looked: ObjectKey[] = [];
  const client = {
    create: async (_type: unknown, object: PromotionRecord) => {
      created.push(object);
      if (create !== undefined) throw create;
      return { ...object, metadata: { ...object.metadata, resourceVersion: '20' } };
    },
    find: async (_type: unknown, key: ObjectKey) => {
      looked.push(key);
      return found;
    },
  } as unknown as Pick<Client, 'create' | 'find'>;
  return { store: new RecordStore({ informer: await informerOf(held), client }), created, looked };
}

const refusal = (status: number, reason: string): ApiError =>
  new ApiError({ method: 'POST', path: '/', status, body: { reason } });

test('a chain is read in order of sequence, of one target alone', async (t) => {
  const records = chain(3);
  const others = [
    { ...targetRef, name: 'other' },
    { ...targetRef, namespace: 'elsewhere' },
  ];
  const held = [...[2, 0, 1].map((index) => records[index]!), ...others.flatMap((other) => chain(1, other))];
  const { store } = await stage({ held: held.map((spec) => stored(spec, '5')) });
  t.deepEqual(store.of(targetRef), records);
});

test('a record is created under its name and label, and can be read at once', async (t) => {
  const { store, created, looked } = await stage();
  t.true(await store.append(targetRef, [], entry));
  const [first] = chain(1);
  t.deepEqual(created, [
    {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'PromotionRecord',
      metadata: { name: 'web-000001', namespace: 'shop', labels: { 'twinlock.dev/target': 'web' } },
      spec: first,
    },
  ]);
  t.deepEqual(store.of(targetRef), [first!]);
  t.deepEqual(looked, []);
});

test('a place that is taken is said to be taken, and what took it can be read', async (t) => {
  const [winner] = chain(1);
  const { store, looked } = await stage({ create: refusal(409, 'AlreadyExists'), found: stored(winner!) });
  t.false(await store.append(targetRef, [], entry));
  t.deepEqual(looked, [{ namespace: 'shop', name: 'web-000001' }]);
  t.deepEqual(store.of(targetRef), [winner!]);
});

test('any other refusal is the caller’s to see', async (t) => {
  const { store, looked } = await stage({ create: refusal(403, 'Forbidden') });
  const error = await t.throwsAsync(store.append(targetRef, [], entry), { instanceOf: ApiError });
  t.is(error.status, 403);
  t.deepEqual(looked, []);
});

test('the head of a chain is asked of the API server: the number after the last one', async (t) => {
  const records = chain(3);
  const open = await stage();
  t.true(await open.store.isHead(targetRef, records.slice(0, 2)));
  t.deepEqual(open.looked, [{ namespace: 'shop', name: 'web-000003' }]);
  const behind = await stage({ found: stored(records[2]!) });
  t.false(await behind.store.isHead(targetRef, records.slice(0, 2)));
  t.deepEqual(behind.store.of(targetRef), [records[2]!], 'what follows is known from now on');
});

const at = (sequence: number, age: number): RecordSpec => ({
  ...chain(1)[0]!,
  sequence,
  time: new Date(now - age).toISOString(),
});

/** Runs a mirror over an informer that holds records of these ages (ms), lets one more come, and stops it. */
async function mirrored(
  t: { readonly is: (a: unknown, b: unknown) => void },
  ages: readonly number[],
): Promise<readonly number[]> {
  const informer = await informerOf(ages.map((age, index) => stored(at(index + 1, age), '5')));
  const seen: number[] = [];
  const stop = new AbortController();
  const mirror = new RecordMirror(informer, new ManualClock(now), ({ sequence }) => seen.push(sequence));
  t.is(mirror.name, 'record-mirror');
  const running = mirror.run(stop.signal);
  // What comes while it runs is mirrored, however old its clock says that it is.
  informer.absorb(stored(at(90, 9_000_000)));
  stop.abort();
  await running;
  informer.absorb(stored(at(91, 0)));
  return seen;
}

const hour = 3_600_000;
test('the mirror repeats the last hour, hands out what comes, and nothing once it is stopped', async (t) => {
  t.deepEqual(await mirrored(t, [0, hour, hour + 1]), [1, 2, 90]);
});

test('a record without a time that can be read is mirrored: one too many rather than one too few', async (t) => {
  const informer = await informerOf([stored({ ...chain(1)[0]!, time: 'soon' }, '5')]);
  const seen: number[] = [];
  await new RecordMirror(informer, new ManualClock(now), ({ sequence }) => seen.push(sequence)).run(
    AbortSignal.abort(),
  );
  t.deepEqual(seen, [1]);
});
