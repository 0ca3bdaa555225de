import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  ApiError,
  KubeClient,
  Pod,
  Secret,
  TransportError,
  isGone,
  isNotFound,
  systemClock,
} from '../../operator/kube/index.ts';
import type { ClusterConfig, KubeClientOptions, RequestReport } from '../../operator/kube/index.ts';
import { waitFor } from '../harness/wait.ts';
import { ScriptedApiServer, fastClock, widgetClient, widgetType } from '../fixtures/scripted-apiserver/index.ts';
import type { Refusal } from '../fixtures/scripted-apiserver/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';

async function scene(
  t: ExecutionContext,
  options: Partial<KubeClientOptions> = {},
): Promise<{ server: ScriptedApiServer; client: KubeClient }> {
  const server = await ScriptedApiServer.start();
  const client = widgetClient(server, { clock: fastClock(1000), random: () => 0, ...options });
  t.teardown(async () => {
    await client.close();
    await server.stop();
  });
  return { server, client };
}

const times = (count: number, refusal: Refusal): Refusal[] => Array.from({ length: count }, () => refusal);
const status = (code: number, reason: string, details: object = {}): Refusal => ({
  status: code,
  body: JSON.stringify({ kind: 'Status', code, reason, message: 'what the server says', details }),
});

for (const [what, refusal] of Object.entries<Refusal>({
  '429 with Retry-After': { status: 429, headers: { 'retry-after': '1' } },
  '429 without': { status: 429 },
  '503 with Retry-After': { status: 503, headers: { 'retry-after': '2' } },
  '500 with Retry-After': { status: 500, headers: { 'retry-after': '1' } },
})) {
  test(`a write answered by ${what} is sent again until it is taken`, async (t) => {
    const { server, client } = await scene(t);
    server.refuse(...times(3, refusal));
    await client.request({ method: 'POST', path: '/apis/acme.dev/v1/widgets', body: { a: 1 } });
    t.is(server.received.length, 4);
    t.deepEqual(new Set(server.received.map(({ body }) => body)).size, 1);
  });
}

for (const code of [400, 403, 404, 409, 422, 500, 503]) {
  test(`a write answered by ${code} without Retry-After is an error at once`, async (t) => {
    const { server, client } = await scene(t);
    server.refuse(status(code, 'Scripted'));
    const error = await t.throwsAsync(client.create(widgetType, widget()), { instanceOf: ApiError });
    t.is(error?.status, code);
    t.is(server.received.length, 1);
  });
}

test('a read answered by 503 is sent again', async (t) => {
  const { server, client } = await scene(t);
  server.refuse(...times(2, { status: 503 }));
  await client.list(widgetType);
  t.is(server.received.length, 3);
});

test('Retry-After is waited for', async (t) => {
  const { server, client } = await scene(t, { clock: fastClock(10) });
  server.refuse({ status: 429, headers: { 'retry-after': '2' } });
  const started = performance.now();
  await client.list(widgetType);
  const waited = (performance.now() - started) * 10;
  // As seconds, not as minutes; a busy machine takes its own time.
  t.true(waited >= 1_900 && waited < 100_000, `${waited} ms`);
});

test('a server that always says 429 is given up on after ten repeats', async (t) => {
  const { server, client } = await scene(t);
  server.refuse(...times(20, { status: 429 }));
  const error = await t.throwsAsync(client.list(widgetType), { instanceOf: ApiError });
  t.is(error?.status, 429);
  t.is(server.received.length, 11);
});

test('a wait longer than a minute is left to the caller, who is told how long', async (t) => {
  const { server, client } = await scene(t);
  server.refuse({ status: 429, headers: { 'retry-after': '600' } });
  const error = await t.throwsAsync(client.list(widgetType), { instanceOf: ApiError });
  t.is(error?.retryAfter, 600_000);
  t.is(server.received.length, 1);
});

test('an aborted wait ends at once', async (t) => {
  const stop = new AbortController();
  const slow = fastClock(1);
  const setTimer: typeof slow.setTimer = (ms, callback) => {
    queueMicrotask(() => stop.abort());
    return slow.setTimer(ms, callback);
  };
  const { server, client } = await scene(t, { clock: { ...slow, setTimer } });
  server.refuse({ status: 429, headers: { 'retry-after': '30' } });
  const started = performance.now();
  await t.throwsAsync(client.list(widgetType, { signal: stop.signal }), { instanceOf: ApiError });
  t.true(performance.now() - started < 20_000);
});

test('an error carries status, reason, causes and says what was asked', async (t) => {
  const { server, client } = await scene(t);
  server.refuse(status(422, 'Invalid', { name: 'a', causes: [{ field: 'spec.value', reason: 'FieldValueInvalid' }] }));
  const error = await t.throwsAsync(client.create(widgetType, widget()), { instanceOf: ApiError });
  t.is(error?.reason, 'Invalid');
  t.is(error?.code, 'KUBE_API');
  t.is(error?.causes[0]?.field, 'spec.value');
  t.is(error?.message, 'POST /apis/acme.dev/v1/namespaces/default/widgets answered 422 Invalid: what the server says');
});

test('an error about a Secret quotes nothing of it', async (t) => {
  const { server, client } = await scene(t);
  const causes = [{ field: 'data', reason: 'Invalid', message: 'Invalid value: "hunter2"' }];
  server.refuse({
    status: 422,
    body: JSON.stringify({ kind: 'Status', reason: 'Invalid', message: 'bad "hunter2"', details: { causes } }),
  });
  const error = await t.throwsAsync(client.get(Secret, { namespace: 'default', name: 's' }), { instanceOf: ApiError });
  t.false(JSON.stringify([error?.message, error]).includes('hunter2'));
  t.is(error?.causes[0]?.field, 'data');
});

test('an absent object is undefined, an absent type is an error', async (t) => {
  const { server, client } = await scene(t);
  server.refuse(status(404, 'NotFound', { name: 'a', kind: 'widgets' }));
  t.is(await client.find(widgetType, { namespace: 'default', name: 'a' }), undefined);
  server.refuse({ status: 404, body: '404 page not found\n' });
  await t.throwsAsync(client.find(widgetType, { namespace: 'default', name: 'a' }), { instanceOf: ApiError });
  server.refuse(status(404, 'NotFound', { name: 'a', kind: 'widgets' }));
  t.false(await client.delete(widgetType, { namespace: 'default', name: 'a' }));
});

test('an answer that is not JSON is an error that says so', async (t) => {
  const { server, client } = await scene(t);
  server.refuse({ status: 200, body: '<html>' });
  await t.throwsAsync(client.list(widgetType), { instanceOf: TransportError, message: /not JSON/ });
});

test('a server that is not there is a TransportError with its cause', async (t) => {
  const { server, client } = await scene(t);
  await server.stop();
  const error = await t.throwsAsync(client.list(widgetType), { instanceOf: TransportError });
  t.is(error?.code, 'KUBE_TRANSPORT');
  t.truthy(error?.cause);
});

test('a refused token is read again, once', async (t) => {
  const server = await ScriptedApiServer.start();
  const asked: boolean[] = [];
  const config: ClusterConfig = {
    server: server.url,
    namespace: 'default',
    tls: () => Promise.resolve({}),
    headers: (options) => {
      asked.push(options?.fresh === true);
      return Promise.resolve({ authorization: options?.fresh === true ? 'Bearer new' : 'Bearer old' });
    },
  };
  const client = new KubeClient(config, { clock: systemClock });
  t.teardown(async () => {
    await client.close();
    await server.stop();
  });
  server.refuse({ status: 401 });
  await client.list(widgetType);
  t.deepEqual(asked, [false, true]);
  t.is(server.received[1]?.headers.authorization, 'Bearer new');
  server.refuse({ status: 401 }, { status: 401 });
  const error = await t.throwsAsync(client.list(widgetType), { instanceOf: ApiError });
  t.is(error?.status, 401);
});

test('new TLS material makes new connections, and what runs on the old ones goes on', async (t) => {
  const server = await ScriptedApiServer.start();
  const clock = new ManualClock();
  let serverName = 'one';
  const config: ClusterConfig = {
    server: server.url,
    namespace: 'default',
    tls: () => Promise.resolve({ serverName }),
    headers: () => Promise.resolve({}),
  };
  const client = new KubeClient(config, { clock, connections: 1 });
  t.teardown(async () => {
    await client.close();
    await server.stop();
  });
  const watch = client.watch(widgetType, { resourceVersion: '100' });
  const first = watch.next();
  await waitFor('the watch', () => server.watches === 1);
  await client.list(widgetType);
  const before = server.connections;
  await client.list(widgetType);
  t.is(server.connections, before, 'kept');
  serverName = 'two';
  clock.advance(61_000);
  await client.list(widgetType);
  t.is(server.connections, before + 1, 'made anew');
  server.put('a', 1);
  t.is((await first).value?.type, 'ADDED');
  await watch.return();
});

test('writes say who writes, whether for real, and how strictly to look', async (t) => {
  const { server, client } = await scene(t);
  await client.apply(widgetType, widget(), { fieldManager: 'me', force: true, dryRun: true }).catch(() => 0);
  await client
    .patch(widgetType, key, { type: 'json', body: [{ op: 'remove', path: '/spec' }] }, { subresource: 'status' })
    .catch(() => 0);
  await client.delete(widgetType, key, { uid: 'u', propagationPolicy: 'Foreground' }).catch(() => 0);
  const [apply, patch, remove] = server.received;
  t.is(apply?.method, 'PATCH');
  t.is(apply?.headers['content-type'], 'application/apply-patch+yaml');
  t.deepEqual(Object.fromEntries(apply?.query ?? []), {
    fieldManager: 'me',
    dryRun: 'All',
    fieldValidation: 'Strict',
    force: 'true',
  });
  t.is(patch?.path, '/apis/acme.dev/v1/namespaces/default/widgets/a/status');
  t.is(patch?.headers['content-type'], 'application/json-patch+json');
  t.deepEqual(JSON.parse(remove?.body ?? ''), {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    propagationPolicy: 'Foreground',
    preconditions: { uid: 'u' },
  });
});

test('items of a list carry their type even when the server leaves it out', async (t) => {
  const { server, client } = await scene(t);
  server.put('a', 1);
  const { items } = await client.list(widgetType);
  t.like(items[0], { apiVersion: 'acme.dev/v1', kind: 'Widget', spec: { value: 1 } });
});

test('a watch ends with the error that the server sends', async (t) => {
  const { server, client } = await scene(t);
  server.history.compact();
  const error = await t.throwsAsync(async () => {
    for await (const event of client.watch(widgetType, { resourceVersion: '1' })) t.fail(event.type);
  });
  t.true(isGone(error));
  t.false(isNotFound(error));
});

test('every answer and every failure is reported for metrics', async (t) => {
  const reports: RequestReport[] = [];
  const { server, client } = await scene(t, { onRequest: (report) => reports.push(report) });
  server.refuse({ status: 429 }, status(404, 'NotFound', { name: 'p' }));
  await client.find(Pod, { namespace: 'default', name: 'p' });
  await server.stop();
  await client.list(widgetType).catch(() => 0);
  t.deepEqual(reports.map(({ code, method }) => `${method} ${code}`).slice(0, 3), [
    'GET 429',
    'GET 404',
    'GET <error>',
  ]);
  t.true(reports.every(({ host }) => host.startsWith('127.0.0.1:')));
});

test('the server clock is compared with the local one', async (t) => {
  const ahead = { ...fastClock(1), now: () => Date.now() + 90_000 };
  const { server, client } = await scene(t, { clock: ahead });
  server.refuse({ status: 200, headers: { date: new Date().toUTCString() }, body: '{}' });
  const { skew } = await client.serverDate();
  t.true(Math.abs(skew - 90_000) < 2_000, `${skew} ms`);
});

for (const date of [
  '',
  'now',
  '2026-11-21T10:00:00Z',
  'Sat, 21 Foo 2026 10:00:00 GMT',
  'Sat, 21 Nov 2026 10:00:00 CET',
])
  test(`a Date header that is none tells no time, and no skew is made of it: ${date}`, async (t) => {
    const { server, client } = await scene(t);
    server.refuse({ status: 200, headers: { date }, body: '{}' });
    await t.throwsAsync(client.serverDate(), { instanceOf: TransportError, message: /Date header/ });
  });

const key = { namespace: 'default', name: 'a' };

function widget(): {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string };
  spec: { value: number };
} {
  return {
    apiVersion: 'acme.dev/v1',
    kind: 'Widget',
    metadata: { name: 'a', namespace: 'default' },
    spec: { value: 1 },
  };
}
