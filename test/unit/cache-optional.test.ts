/** Kinds that an older API server does not serve. */
import test from 'ava';
import { ApiError, Cache, MutatingAdmissionPolicy, type Client } from '../../operator/kube/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';

/** A server that answers 404 until it is upgraded, and has one policy then. */
class Server {
  upgraded = false;
  asked = 0;
  readonly client = {
    watch: (_type: unknown, { signal }: { readonly signal?: AbortSignal }) => this.#watch(signal),
  } as unknown as Client;

  async *#watch(signal: AbortSignal | undefined): AsyncGenerator<object> {
    this.asked++;
    if (!this.upgraded) throw new ApiError({ method: 'GET', path: '/apis/x', status: 404 });
    yield { type: 'ADDED', object: { metadata: { name: 'a', resourceVersion: '99' } } };
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    yield { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: '100', annotations } } };
    await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function follow(t: { teardown(end: () => void): void }, options: { readonly optional?: true }) {
  const server = new Server();
  const clock = new ManualClock(0);
  const informer = new Cache({ client: server.client, clock }).informer(MutatingAdmissionPolicy, options);
  const end = new AbortController();
  t.teardown(() => end.abort());
  void informer.run(end.signal);
  return { server, clock, informer };
}

test('an optional kind that is not served is empty, and is there ten minutes after an upgrade at the latest', async (t) => {
  const { server, clock, informer } = follow(t, { optional: true });
  await informer.whenSynced();
  t.deepEqual(informer.lister.list(), []);
  clock.advance(599_000);
  await turns();
  t.is(server.asked, 1, 'it is not asked for all the time');
  server.upgraded = true;
  clock.advance(1_000);
  await turns();
  t.deepEqual(
    informer.lister.list().map(({ metadata }) => metadata.name),
    ['a'],
  );
});

test('any other kind that is not served keeps a cache from being complete', async (t) => {
  const { server, clock, informer } = follow(t, {});
  await turns();
  clock.advance(120_000);
  await turns();
  t.true(server.asked > 1);
  t.false(informer.synced);
});
