import anyTest, { type TestFn } from 'ava';
import { echo, echoed, get, home, openBoundary, page, portOf, upstream, type Running } from '../stage/boundary.ts';

const test = anyTest as TestFn<Running>;

const script = 'window.twinlockConfig = {"A": "{http.request.host} {env.HOME} \\"quoted\\""};\n';

test.before(async (t) => {
  const servers = await Promise.all(['web', 'admin', 'stripe', 'gcs', 'page'].map(echo));
  const [web = 0, admin = 0, stripe = 0, gcs = 0, pages = 0] = servers.map(portOf);
  const boundary = await openBoundary(
    {
      workloads: [upstream('web', 8080), upstream('admin', 9090)],
      twinsByHost: [upstream('gcs', 4443)],
      twinsByPath: [upstream('stripe', 12_111)],
      files: [
        { workload: 'web', path: '/config.js', contentType: 'text/javascript', body: script },
        { workload: 'admin', path: '/config.json', contentType: 'application/json', body: '{"a":"b"}' },
      ],
    },
    { 'web:8080': web, 'admin:9090': admin, 'stripe:12111': stripe, 'gcs:4443': gcs, [page]: pages },
  );
  t.context = {
    port: boundary.port,
    stop: async () => {
      await boundary.stop();
      for (const server of servers) server.close();
    },
  };
});
test.after.always((t) => t.context.stop?.());

const routes: readonly [title: string, host: string, path: string, upstream: string, url: string][] = [
  ['the first workload answers on the environment’s host', home, '/pay?x=1', 'web', '/pay?x=1'],
  ['a workload answers on its own host', `admin--${home}`, '/', 'admin', '/'],
  ['a twin by host answers on its own host', `gcs--${home}`, '/storage/v1/b', 'gcs', '/storage/v1/b'],
  [
    'a twin by path answers below /twins, prefix stripped',
    home,
    '/twins/stripe/v1/charges?limit=3',
    'stripe',
    '/v1/charges?limit=3',
  ],
  ['the twin’s root answers with and without a slash', home, '/twins/stripe', 'stripe', '/'],
  [
    '/admin/services is answered by the environments process',
    home,
    '/admin/services?format=json',
    'page',
    '/environments/shop-dev/pr-1/services?format=json',
  ],
];
for (const [title, host, path, upstream, url] of routes) {
  test(`boundary: ${title}`, async (t) => {
    const { status, body, headers } = await get(t.context.port, host, path);
    t.is(status, 200);
    t.like(JSON.parse(body), { name: upstream, url });
    t.is(headers['x-robots-tag'], 'noindex, nofollow');
  });
}

test('boundary: a configuration is served as it stands, never cached, on the hosts of its workload only', async (t) => {
  const { port } = t.context;
  for (const host of [home, `web--${home}`]) {
    const { status, body, headers } = await get(port, host, '/config.js?v=1');
    t.is(status, 200);
    t.is(body, script);
    t.like(headers, {
      'cache-control': 'no-store',
      'content-type': 'text/javascript',
      'x-content-type-options': 'nosniff',
    });
  }
  t.is((await get(port, `admin--${home}`, '/config.json')).body, '{"a":"b"}');
  t.is(echoed(await get(port, `admin--${home}`, '/config.js')).name, 'admin');
  t.is(echoed(await get(port, home, '/config.json')).name, 'web');
});

test('boundary: the Host header stays what the browser sent', async (t) => {
  t.is(echoed(await get(t.context.port, `admin--${home}`, '/')).host, `admin--${home}`);
});

test('boundary: hosts of nobody get 404, and a path is no host', async (t) => {
  t.is((await get(t.context.port, `nobody--${home}`, '/')).status, 404);
  t.is((await get(t.context.port, 'example.com', '/twins/stripe/v1')).status, 404);
  t.like(JSON.parse((await get(t.context.port, home, '/twins/gcs/x')).body), { name: 'web' });
});
