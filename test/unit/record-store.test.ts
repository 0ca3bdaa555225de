/** The chain as it is stored: appended to by one of several processes, handed on to a sink outside of the cluster. */
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { PromotionRecord } from '../../operator/api/index.ts';
import { ApiError, Cache, type Client, type ObjectKey } from '../../operator/kube/index.ts';
import {
  RecordMirror,
  RecordStore,
  sealRecord,
  type RecordEntry,
  type RecordSpec,
} from '../../operator/records/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { targetRef } from './promotion-world.ts';

const now = Date.parse('2026-11-21T10:00:00Z');
const entry = (message: string, time = '2026-11-21T10:00:00Z'): RecordEntry => ({
  type: 'Outcome',
  time,
  promotion: { namespace: 'shop', name: 'web-42', uid: 'uid' },
  outcome: { result: 'Failed', reason: 'Test', message },
});

const stored = (spec: RecordSpec): PromotionRecord => ({
  apiVersion: 'twinlock.dev/v1alpha1',
  kind: 'PromotionRecord',
  metadata: {
    namespace: 'shop',
    name: `web-${String(spec.sequence).padStart(6, '0')}`,
    uid: `uid-${spec.sequence}`,
    resourceVersion: String(100 + spec.sequence),
  },
  spec,
});

/** An empty list, streamed, and a watch that says nothing more. */
async function* streamed(signal: AbortSignal | undefined): AsyncGenerator<object> {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  yield { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: '100', annotations } } };
  await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
}

/** Records as an API server keeps them: one per name. */
class Records {
  readonly all = new Map<string, PromotionRecord>();
  /** What was sent to be written, as it was sent. */
  readonly sent: PromotionRecord[] = [];
  failure: Error | undefined;

  /** A client of these alone; whatever else it is asked for is an error of the test. */
  get client(): Client {
    const { all } = this;
    const client = {
      create: async (_type: unknown, record: PromotionRecord): Promise<PromotionRecord> => {
        this.sent.push(record);
        if (this.failure !== undefined) throw this.failure;
        if (all.has(record.metadata.name)) throw refusal(409, 'AlreadyExists');
        const made = stored(record.spec);
        all.set(made.metadata.name, made);
        return made;
      },
      find: async (_type: unknown, { name }: ObjectKey): Promise<PromotionRecord | undefined> => all.get(name),
      watch: (_type: unknown, { signal }: { readonly signal?: AbortSignal }) => streamed(signal),
    };
    return client as unknown as Client;
  }

  /** Another process appends. */
  add(chain: readonly RecordSpec[], message: string): RecordSpec {
    const spec = sealRecord(targetRef, chain, entry(message));
    const record = stored(spec);
    this.all.set(record.metadata.name, record);
    return spec;
  }
}

const refusal = (status: number, reason: string): ApiError =>
  new ApiError({ method: 'POST', path: '/records', status, body: { reason } });

async function opened(records: Records): Promise<{ store: RecordStore; cache: Cache; stop: () => Promise<void> }> {
  const cache = new Cache({ client: records.client, clock: new ManualClock(now) });
  const informer = cache.informer(PromotionRecord);
  const store = new RecordStore({ client: records.client, informer });
  const end = new AbortController();
  const running = cache.run(end.signal);
  await informer.whenSynced();
  return {
    store,
    cache,
    stop: async () => {
      end.abort();
      await running;
    },
  };
}

test('what was appended is read at once, in order of sequence, for its own target alone', async (t) => {
  const { store, stop } = await opened(new Records());
  for (const message of ['one', 'two', 'three'])
    t.true(await store.append(targetRef, store.of(targetRef), entry(message)));
  t.deepEqual(
    store.of(targetRef).map(({ sequence, outcome }) => `${sequence} ${outcome?.message ?? ''}`),
    ['1 one', '2 two', '3 three'],
  );
  t.deepEqual(store.of({ namespace: 'shop', name: 'api' }), []);
  t.deepEqual(store.of({ namespace: 'other', name: 'web' }), []);
  await stop();
});

test('records that arrive in another order are a chain all the same', async (t) => {
  const records = new Records();
  const first = records.add([], 'one');
  const second = records.add([first], 'two');
  const { store, cache, stop } = await opened(records);
  for (const spec of [second, first]) cache.informer(PromotionRecord).absorb(stored(spec));
  t.deepEqual(
    store.of(targetRef).map(({ sequence }) => sequence),
    [1, 2],
  );
  await stop();
});

test('a place that another process took is not written: what took it is read, and all is decided again', async (t) => {
  const records = new Records();
  const { store, stop } = await opened(records);
  records.add([], 'from elsewhere');
  t.false(await store.append(targetRef, [], entry('late')));
  t.deepEqual(
    store.of(targetRef).map(({ outcome }) => outcome?.message),
    ['from elsewhere'],
  );
  await stop();
});

test('a record is written under its own name, and a label lists the chain of one target', async (t) => {
  const records = new Records();
  const { store, stop } = await opened(records);
  await store.append(targetRef, [], entry('one'));
  const [{ spec: _spec, ...rest } = stored(store.of(targetRef)[0]!)] = records.sent;
  t.deepEqual(rest, {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'PromotionRecord',
    metadata: { name: 'web-000001', namespace: 'shop', labels: { 'twinlock.dev/target': 'web' } },
  });
  await stop();
});

test('any other answer is an error: nobody may think that it was written', async (t) => {
  const records = new Records();
  const { store, stop } = await opened(records);
  records.failure = refusal(403, 'Forbidden');
  const error = await t.throwsAsync(store.append(targetRef, [], entry('one')), { instanceOf: ApiError });
  t.is(error.status, 403);
  t.deepEqual(store.of(targetRef), []);
  await stop();
});

test('the head is asked of the API server, and what follows it is taken in', async (t) => {
  const records = new Records();
  const { store, stop } = await opened(records);
  t.true(await store.isHead(targetRef, []));
  const first = records.add([], 'one');
  t.false(await store.isHead(targetRef, []));
  t.deepEqual(store.of(targetRef), [first]);
  t.true(await store.isHead(targetRef, [first]));
  await stop();
});

test('the mirror hands on what is new and what is of the last hour, until it ends', async (t) => {
  const { cache, stop } = await opened(new Records());
  const informer = cache.informer(PromotionRecord);
  const chain: RecordSpec[] = [];
  const next = (message: string, time: string): PromotionRecord => {
    const spec = sealRecord(targetRef, chain, entry(message, time));
    chain.push(spec);
    return stored(spec);
  };
  informer.absorb(next('long ago', '2026-11-21T08:59:59Z'));
  informer.absorb(next('an hour ago', '2026-11-21T09:00:00Z'));
  const seen: (string | undefined)[] = [];
  const mirror = new RecordMirror(informer, new ManualClock(now), ({ record }) => {
    seen.push((record as RecordSpec).outcome?.message);
  });
  const end = new AbortController();
  const running = mirror.run(end.signal);
  await setImmediate();
  informer.absorb(next('new, whatever its time says', '2026-11-20T00:00:00Z'));
  t.deepEqual(seen, ['an hour ago', 'new, whatever its time says']);
  end.abort();
  await running;
  informer.absorb(next('after the end', '2026-11-21T10:00:00Z'));
  t.is(seen.length, 2);
  await mirror.run(AbortSignal.abort());
  await stop();
});

test('a chain that may lack records is asked for until nothing follows it; one that does not is asked for nothing', async (t) => {
  const records = new Records();
  const { store, stop } = await opened(records);
  const first = records.add([], 'one');
  const second = records.add([first], 'two');
  t.deepEqual(await store.upToDate(targetRef, () => false), []);
  t.deepEqual(await store.upToDate(targetRef, () => true), [first, second]);
  await stop();
});

test('a chain that grows faster than it is read is given up', async (t) => {
  const records = new Records();
  const { store, stop } = await opened(records);
  let chain: RecordSpec[] = [];
  let asked = 0;
  const grows = (): boolean => {
    asked += 1;
    chain = [...chain, records.add(chain, `${asked}`)];
    return true;
  };
  await t.throwsAsync(store.upToDate(targetRef, grows), {
    message: /records of web grow faster than they can be read/,
  });
  t.is(asked, 100);
  await stop();
});
