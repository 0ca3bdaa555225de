import anyTest, { type TestFn } from 'ava';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import type { TwinEnvironment } from '../../operator/api/index.ts';
import { PageServer } from '../../operator/environments/page/index.ts';
import { echo, echoed, get, home, openBoundary, page, portOf, upstream } from '../stage/boundary.ts';
import { environment } from '../unit/environment-fixtures.ts';

/** A boundary that lets in who has a link, and the environments process that says which links hold. */
const test = anyTest as TestFn<{
  readonly http: number;
  readonly https: number;
  /** What the cache of the process holds; undefined once the environment is gone. */
  readonly known: { environment: TwinEnvironment | undefined; now: number };
  readonly pages: PageServer;
  readonly stop: () => Promise<void>;
}>;

const token = (name: string): string => name.repeat(32).slice(0, 64);
const digest = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const day = Date.parse('2026-11-27T00:00:00Z');
const links = [
  { name: 'qa', tokenDigest: digest(token('qa')) },
  { name: 'demo', tokenDigest: digest(token('demo')), notAfter: '2026-11-27T12:00:00Z' },
  { name: 'weak', tokenDigest: digest('guess') },
];
const shared = (shareLinks: readonly object[]): TwinEnvironment =>
  environment({ boundary: { auth: 'Token', shareLinks } }, { metadata: { name: 'pr-1' } });

test.beforeEach(async (t) => {
  const known: { environment: TwinEnvironment | undefined; now: number } = { environment: shared(links), now: day };
  const environments = {
    get: ({ name }: { readonly name: string }) => (name === 'pr-1' ? known.environment : undefined),
  };
  const pages = new PageServer(environments, () => known.now);
  const { port } = await pages.listen({ host: '127.0.0.1', port: 0 });
  const web = await echo('web');
  web.on('upgrade', (_asked, socket) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
  );
  const input = {
    auth: 'Token' as const,
    workloads: [upstream('web', 8080)],
    twinsByPath: [upstream('stripe', 1)],
    twinsByHost: [upstream('stripe', 1)],
  };
  const addresses = { 'web:8080': portOf(web), 'stripe:1': portOf(web), [page]: port };
  const http = await openBoundary(input, addresses);
  const https = await openBoundary({ ...input, scheme: 'https' }, addresses);
  t.context = {
    http: http.port,
    https: https.port,
    known,
    pages,
    stop: async () => {
      await http.stop();
      await https.stop();
      await pages.close();
      web.close();
    },
  };
});
test.afterEach.always((t) => t.context.stop?.());

test('without a token nothing is let in: app, twins, the page, unknown hosts', async (t) => {
  for (const [host, path] of [
    [home, '/'],
    [`web--${home}`, '/'],
    [home, '/twins/stripe/v1'],
    [`stripe--${home}`, '/v1'],
    [home, '/admin/services'],
    [`nobody--${home}`, '/'],
  ] as const) {
    const { status, body } = await get(t.context.http, host, path);
    t.is(status, 401, `${host}${path}`);
    t.regex(body, /shareLinks/);
  }
  const cookies = ['', 'guess', token('other'), `${token('qa')}x`, '{http.request.host}'];
  for (const cookie of cookies) {
    const headers = { cookie: `twinlock-token=${cookie}`, 'x-twinlock-cookie': token('qa') };
    t.is((await get(t.context.http, home, '/', { headers })).status, 401, cookie);
    t.is((await get(t.context.http, home, `/?twinlock-token=${encodeURIComponent(cookie)}`)).status, 401, cookie);
  }
});

test('a link opens the environment for a browser, on the same host, and the token leaves its address', async (t) => {
  const opened = await get(t.context.http, home, `/pay?x=1&twinlock-token=${token('qa')}&y=2`);
  t.is(opened.status, 303);
  t.is(opened.headers.location, '/pay?x=1&y=2');
  t.is(opened.headers['referrer-policy'], 'no-referrer');
  t.deepEqual(opened.headers['set-cookie'], [`twinlock-token=${token('qa')}; Path=/; HttpOnly; SameSite=Lax`]);
  const [secure = ''] =
    (await get(t.context.https, home, `/?twinlock-token=${token('qa')}`)).headers['set-cookie'] ?? [];
  t.regex(secure, /; Secure$/);
  for (const path of ['//evil.example/', '/\\evil.example/', '///evil.example']) {
    const { headers } = await get(t.context.http, home, `${path}?twinlock-token=${token('qa')}`);
    t.regex(headers.location ?? '', /^\/[^/\\]/);
  }
});

test('cookie and header let in, and the app sees neither', async (t) => {
  for (const headers of [
    { cookie: `a=1; twinlock-token=${token('qa')}; b=2` },
    { cookie: `twinlock-token=${token('qa')}; a=1; b=2` },
    { cookie: `twinlock-token=${token('qa')}; twinlock-token=${token('qa')}; a=1; b=2` },
    { cookie: 'a=1; b=2', 'x-twinlock-token': token('qa') },
  ]) {
    const got = await get(t.context.http, home, '/pay', { headers, method: 'POST', body: 'kept' });
    t.is(got.status, 200, got.body);
    const { name, url, body, headers: seen } = echoed(got);
    t.deepEqual([name, url, body, seen.cookie], ['web', '/pay', 'kept', 'a=1; b=2']);
    t.false(got.body.includes(token('qa')));
  }
  const page = await get(t.context.http, home, '/admin/services', { headers: { 'x-twinlock-token': token('qa') } });
  t.is(page.status, 200);
});

test('a WebSocket is let in with a token, and not without', async (t) => {
  const upgrade = (headers: object): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request({
        host: '127.0.0.1',
        port: t.context.http,
        headers: { host: home, connection: 'Upgrade', upgrade: 'websocket', ...headers },
      });
      sent.once('response', ({ statusCode = 0 }) => resolve(statusCode));
      sent.once('upgrade', (_response, socket) => {
        socket.destroy();
        resolve(101);
      });
      sent.once('error', reject).end();
    });
  t.is(await upgrade({}), 401);
  t.is(await upgrade({ cookie: `twinlock-token=${token('qa')}` }), 101);
});

test('a link ends when it is over, when it is taken out, and with the environment', async (t) => {
  const { http, known } = t.context;
  const ask = async (name: string): Promise<number> =>
    (await get(http, home, '/', { headers: { 'x-twinlock-token': token(name) } })).status;
  t.is(await ask('demo'), 200);
  known.now = day + 12 * 3_600_000;
  t.is(await ask('demo'), 401);
  t.is(await ask('qa'), 200);
  known.environment = shared(links.slice(1));
  t.is(await ask('qa'), 401);
  known.environment = undefined;
  t.is(await ask('qa'), 404);
});

test('while the environments process does not answer, nobody is let in', async (t) => {
  await t.context.pages.close();
  const headers = { 'x-twinlock-token': token('qa') };
  t.is((await get(t.context.http, home, '/', { headers })).status, 502);
  t.is((await get(t.context.http, home, `/?twinlock-token=${token('qa')}`)).status, 502);
});
