import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Cache } from '../../operator/kube/index.ts';
import type {
  Clock,
  InformerOptions,
  KubeClientOptions,
  Logger,
  ResourceType,
  Timer,
} from '../../operator/kube/index.ts';
import { ScriptedApiServer, fastClock, widgetClient, widgetType } from '../fixtures/scripted-apiserver/index.ts';
import { waitFor } from '../harness/wait.ts';
import { ManualClock } from '../stage/manual-clock.ts';

type Widgets = typeof widgetType extends ResourceType<infer T> ? T : never;

interface Scene {
  readonly server: ScriptedApiServer;
  readonly informer: ReturnType<Cache['informer']>;
  readonly cache: Cache;
  readonly lines: string[];
  start(): void;
  names(): string;
}

async function scene(
  t: ExecutionContext,
  options: {
    readonly client?: Partial<KubeClientOptions>;
    readonly informer?: InformerOptions<Widgets>;
    readonly clock?: Clock;
  } = {},
): Promise<Scene> {
  const server = await ScriptedApiServer.start();
  const clock = options.clock ?? fastClock(20);
  const client = widgetClient(server, { clock, ...options.client });
  const lines: string[] = [];
  const say = (_fields: object, message: string): void => void lines.push(message);
  const logger: Logger = { debug: say, info: say, warn: say, error: say };
  const cache = new Cache({ client, clock, logger });
  const informer = cache.informer(widgetType, options.informer);
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  t.teardown(async () => {
    stop.abort();
    await running;
    await client.close();
    await server.stop();
  });
  const names = (): string =>
    informer.lister
      .list()
      .map(({ metadata }) => metadata.name)
      .sort()
      .join(' ');
  return { server, informer, cache, lines, names, start: () => void (running = cache.run(stop.signal)) };
}

const lists = (server: ScriptedApiServer): number => server.pages;
const streamedLists = (server: ScriptedApiServer): number =>
  server.received.filter(({ query }) => query.get('sendInitialEvents') === 'true').length;

test('a server that refuses streamed lists is read in pages of 500, once', async (t) => {
  const { server, names, informer, start } = await scene(t);
  server.streamedLists = 'refused';
  for (let index = 0; index < 1200; index++) server.put(`w${String(index).padStart(4, '0')}`, index);
  start();
  await informer.whenSynced();
  t.is(informer.lister.size, 1200);
  t.is(lists(server), 3);
  server.put('late', 1);
  await waitFor('the watch to follow the list', () => names().startsWith('late'));
  server.end();
  await waitFor('the watch to come back', () => server.watches === 1);
  t.is(streamedLists(server), 1);
  t.is(lists(server), 3);
});

test('of a list in pages each object is slimmed when its page comes, and once', async (t) => {
  const pages: number[] = [];
  const transform = (object: Widgets): Widgets => {
    pages.push(lists(made.server));
    return object;
  };
  const made = await scene(t, { informer: { transform } });
  made.server.streamedLists = 'refused';
  for (let index = 0; index < 700; index++) made.server.put(`w${index}`, index);
  made.start();
  await made.informer.whenSynced();
  t.deepEqual(
    [1, 2].map((page) => pages.filter((seen) => seen === page).length),
    [500, 200],
  );
  t.is(pages.length, 700);
});

test('a server that does not know streamed lists is found out and read in pages', async (t) => {
  const { server, informer, start } = await scene(t, { clock: fastClock(200) });
  server.streamedLists = 'ignored';
  server.put('a', 1);
  start();
  await informer.whenSynced();
  t.is(lists(server), 1);
});

test('a server whose streamed lists always end before their end is read in pages', async (t) => {
  const { server, informer, start } = await scene(t);
  server.streamedLists = 'incomplete';
  server.put('a', 1);
  start();
  await informer.whenSynced();
  t.is(streamedLists(server), 3);
  t.is(lists(server), 1);
});

test('a page whose token expired makes one whole list', async (t) => {
  const { server, informer, start } = await scene(t);
  server.streamedLists = 'refused';
  for (let index = 0; index < 600; index++) server.put(`w${index}`, index);
  const body = JSON.stringify({ kind: 'Status', code: 410, reason: 'Expired', message: 'token' });
  server.refuse({ status: 410, body, when: ({ query }) => query.has('continue') });
  start();
  await informer.whenSynced();
  t.is(informer.lister.size, 600);
  t.is(lists(server), 2);
  t.deepEqual(
    server.received.filter(({ query }) => !query.has('watch')).map(({ query }) => query.get('limit')),
    ['500', '500', null],
  );
});

test('a connection that falls silent is cut and resumed without listing again', async (t) => {
  const { server, names, informer, lines, start } = await scene(t, { client: { watchTimeout: 1_000 } });
  server.put('a', 1);
  start();
  await informer.whenSynced();
  server.swallow(() => server.put('b', 1));
  await waitFor('the change that the silent watch did not tell', () => names() === 'a b');
  t.is(streamedLists(server), 1);
  t.is(lists(server), 0);
  t.true(lines.includes('the watch broke, resuming'));
});

test('a handler that throws does not keep the others from hearing', async (t) => {
  const { server, informer, lines, start } = await scene(t);
  const heard: string[] = [];
  informer.addHandler({
    add: () => {
      throw new Error('broken handler');
    },
  });
  informer.addHandler({ add: ({ metadata }) => heard.push(metadata.name) });
  server.put('a', 1);
  start();
  await informer.whenSynced();
  server.put('b', 1);
  await waitFor('both to be heard', () => heard.join(' ') === 'a b');
  t.is(lines.filter((line) => line === 'an event handler threw').length, 2);
});

test('handlers tell what was there at the start from what came later, and a missed deletion from a seen one', async (t) => {
  const { server, informer, start } = await scene(t);
  const story: string[] = [];
  informer.addHandler({
    add: ({ metadata: { name } }, { initial }) => story.push(`${initial ? 'found' : 'added'} ${name}`),
    update: ({ metadata: { name } }) => story.push(`changed ${name}`),
    delete: ({ metadata: { name } }, { stale }) => story.push(`${stale ? 'missed' : 'deleted'} ${name}`),
  });
  server.put('a', 1);
  server.put('b', 1);
  start();
  await informer.whenSynced();
  server.put('c', 1);
  server.put('c', 2);
  server.remove('a');
  await waitFor('the deletion', () => story.includes('deleted a'));
  server.swallow(() => server.remove('b'));
  server.history.compact();
  server.fail(410, 'Expired');
  await waitFor('the missed deletion', () => story.includes('missed b'));
  t.deepEqual(story, ['found a', 'found b', 'added c', 'changed c', 'deleted a', 'missed b']);
});

test('a handler added late hears what is cached as initial', async (t) => {
  const { server, informer, start } = await scene(t);
  server.put('a', 1);
  start();
  await informer.whenSynced();
  const heard: string[] = [];
  informer.addHandler({ add: ({ metadata }, { initial }) => heard.push(`${metadata.name} ${initial}`) });
  t.deepEqual(heard, ['a true']);
});

test('a server that closes every watch at once is not hammered', async (t) => {
  const clock = new ManualClock();
  const asked: number[] = [];
  const setTimer = (ms: number, callback: () => void): Timer => {
    asked.push(ms);
    return clock.setTimer(ms, callback);
  };
  const recording = { now: () => clock.now(), monotonic: () => clock.monotonic(), setTimer };
  const { server, informer, start } = await scene(t, { clock: recording });
  const nextWatch = (before: number): Promise<unknown> =>
    waitFor('the next watch', () => server.received.length > before);
  start();
  await informer.whenSynced();
  // What brought objects worked: the first watch after it comes at once.
  const before = server.received.length;
  server.end();
  await nextWatch(before);
  for (const least of [800, 1_600, 3_200]) {
    const watches = server.received.length;
    asked.length = 0;
    server.end();
    const delay = await waitFor('it to wait', () => asked.find((ms) => ms >= least && ms < 2 * least));
    clock.advance(delay - 1);
    t.is(server.received.length, watches, 'not before its time');
    clock.advance(1);
    await nextWatch(watches);
  }
});

test('a server restored from a backup is listed anew', async (t) => {
  const { server, names, informer, start } = await scene(t);
  server.put('a', 1);
  start();
  await informer.whenSynced();
  server.swallow(() => {
    server.remove('a');
    server.put('b', 1);
  });
  server.send({ type: 'BOOKMARK', object: { kind: 'Widget', metadata: { resourceVersion: '7' } } });
  await waitFor('the new list', () => names().includes('b'));
  t.is(names(), 'b', 'what the backup does not have is gone');
});

test('an own write is in the cache before the watch tells of it, once', async (t) => {
  const { server, informer, cache, names, start } = await scene(t);
  const story: string[] = [];
  informer.addHandler({
    add: ({ metadata }) => story.push(`added ${metadata.name}`),
    update: ({ metadata }) => story.push(`changed ${metadata.name}`),
    delete: ({ metadata }) => story.push(`deleted ${metadata.name}`),
  });
  start();
  await informer.whenSynced();
  const written = server.swallow(() => server.history.put('a', 1)).object;
  cache.absorb(widgetType, written);
  t.is(names(), 'a');
  // The watch catches up: first with the write itself, then with something newer.
  server.send({ type: 'ADDED', object: written });
  server.put('b', 1);
  await waitFor('the watch to catch up', () => names() === 'a b');
  t.deepEqual(story, ['added a', 'added b']);
  // What the watch has overtaken is not taken in.
  server.remove('a');
  await waitFor('the deletion', () => names() === 'b');
  cache.absorb(widgetType, written);
  t.is(names(), 'b');
});

test('an own write survives a list that was made before it', async (t) => {
  const { server, informer, cache, names, start } = await scene(t);
  start();
  await informer.whenSynced();
  const version = String(server.history.version + 1000);
  const { object } = server.swallow(() => server.history.put('a', 1));
  cache.absorb(widgetType, { ...object, metadata: { ...object.metadata, name: 'mine', resourceVersion: version } });
  server.history.compact();
  server.fail(410, 'Expired');
  await waitFor('the list', () => names().includes('a'));
  t.is(names(), 'a mine');
});

test('a transform slims what is kept, and what is kept cannot be changed', async (t) => {
  const { server, informer, start } = await scene(t, {
    informer: { transform: ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata, spec: { value: -1 } }) },
  });
  server.put('a', 7);
  start();
  await informer.whenSynced();
  const [object] = informer.lister.list() as readonly Widgets[];
  t.is(object?.spec.value, -1);
  t.throws(() => Object.assign(object?.spec ?? {}, { value: 8 }), { instanceOf: TypeError });
});

test('an index finds objects by what they hold, and loses them when they change', async (t) => {
  const { server, informer, start } = await scene(t, {
    informer: { indexes: { value: ({ spec }) => [String(spec.value)] } },
  });
  server.put('a', 1);
  server.put('b', 1);
  start();
  await informer.whenSynced();
  const found = (value: string): string =>
    informer.lister
      .byIndex('value', value)
      .map(({ metadata }) => metadata.name)
      .join(' ');
  t.is(found('1'), 'a b');
  server.put('a', 2);
  await waitFor('the change', () => found('2') === 'a');
  t.is(found('1'), 'b');
  server.remove('b');
  await waitFor('the deletion', () => found('1') === '');
  t.throws(() => informer.lister.byIndex('none', '1'), { instanceOf: RangeError });
});
