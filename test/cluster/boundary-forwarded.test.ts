import anyTest, { type TestFn } from 'ava';
import { createServer } from 'node:http';
import { freePorts } from '../harness/index.ts';
import {
  echo,
  echoed,
  get,
  home,
  listening,
  openBoundary,
  openFrontDoor,
  portOf,
  upstream,
  type Running,
} from '../stage/boundary.ts';

/** What stands before an environment, and what an environment says of itself to whoever stands there. */
const test = anyTest as TestFn<{
  readonly http: number;
  readonly https: number;
  readonly secured: Running;
  readonly door: number;
  readonly trusting: number;
  readonly trustingOthers: number;
  readonly nobody: number;
  readonly silent: number;
  readonly stop: () => Promise<void>;
}>;

test.before(async (t) => {
  const web = await echo('web');
  /** Answers with the headers that the query asks for. */
  const twin = await listening(
    createServer(({ url = '', headers }, response) => {
      for (const [name, value] of new URL(url, 'http://x').searchParams) response.appendHeader(name, value);
      response.end(JSON.stringify({ name: 'twin', url, headers }));
    }),
  );
  const addresses = { 'web:8080': portOf(web), 'gcs:4443': portOf(twin) };
  const input = {
    workloads: [upstream('web', 8080)],
    twinsByHost: [upstream('gcs', 4443)],
    twinsByPath: [upstream('gcs', 4443)],
  };
  const http = await openBoundary(input, addresses);
  const https = await openBoundary({ ...input, scheme: 'https' }, addresses);
  const secured = await openBoundary(
    { ...input, scheme: 'https', secured: (host) => `https://${host}:8443` },
    addresses,
  );
  const dials = `127.0.0.1:${http.port}`;
  const [closed = 0] = await freePorts(1);
  const doors: readonly Running[] = [
    await openFrontDoor(dials),
    await openFrontDoor(dials, { 'frontDoor.trustedProxies[0]': '127.0.0.0/8' }),
    await openFrontDoor(dials, { 'frontDoor.trustedProxies[0]': '203.0.113.0/24' }),
    await openFrontDoor('twinlock-boundary.gone.invalid:8080'),
    await openFrontDoor(`127.0.0.1:${closed}`),
  ];
  const [door = 0, trusting = 0, trustingOthers = 0, nobody = 0, silent = 0] = doors.map(({ port }) => port);
  t.context = {
    http: http.port,
    https: https.port,
    secured,
    door,
    trusting,
    trustingOthers,
    nobody,
    silent,
    stop: async () => {
      for (const running of [...doors, http, https, secured]) await running.stop();
      web.close();
      twin.close();
    },
  };
});
test.after.always((t) => t.context.stop?.());

const told = {
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'shop.example',
  'x-forwarded-for': '198.51.100.7',
  'x-forwarded-port': '443',
  'x-real-ip': '198.51.100.7',
  forwarded: 'for=198.51.100.7;proto=https',
} as const;

test('what a trusted proxy says of the client arrives', async (t) => {
  for (const port of [t.context.trusting, t.context.http]) {
    const { headers } = echoed(await get(port, home, '/', { headers: told }));
    t.like(headers, { ...told, 'x-forwarded-for': headers['x-forwarded-for'] });
    t.regex(String(headers['x-forwarded-for']), /^198\.51\.100\.7, 127\.0\.0\.1/);
  }
});

test('what anybody else says does not arrive', async (t) => {
  for (const port of [t.context.door, t.context.trustingOthers]) {
    const { headers } = echoed(await get(port, home, '/', { headers: told }));
    t.is(headers['x-forwarded-proto'], 'http');
    t.is(headers['x-forwarded-host'], home);
    for (const value of Object.values(headers)) t.notRegex(String(value), /198\.51\.100\.7|shop\.example|443/);
  }
});

test('where the class says https, the app hears https', async (t) => {
  t.is(echoed(await get(t.context.https, home, '/')).headers['x-forwarded-proto'], 'https');
  t.is(echoed(await get(t.context.https, home, '/twins/gcs/x')).headers['x-forwarded-proto'], 'https');
});

test('where the Ingress ends TLS, what came over http is sent to https, with its method, path and port', async (t) => {
  const { port } = t.context.secured;
  const over = (proto: string, host: string, path: string, method = 'GET') =>
    get(port, host, path, { method, headers: { 'x-forwarded-proto': proto } });
  for (const [host, path, location] of [
    [home, '/pay?x=1', `https://${home}:8443/pay?x=1`],
    [`WEB--${home.toUpperCase()}`, '/', `https://web--${home}:8443/`],
    [`gcs--${home}.`, '//evil.example/%2f', `https://gcs--${home}:8443//evil.example/%2f`],
    [home, '/{env.HOME}', `https://${home}:8443/%7Benv.HOME%7D`],
    [home, '/twins/gcs/x', `https://${home}:8443/twins/gcs/x`],
  ] as const) {
    const { status, headers } = await over('http', host, path, 'POST');
    t.is(status, 308);
    t.is(headers.location, location);
  }
  t.is((await over('http', 'nobody.example', '/')).status, 404);
  for (const proto of ['https', 'HTTPS', '', 'wss', 'http, https'])
    t.is(echoed(await over(proto, home, '/')).headers['x-forwarded-proto'], 'https', proto);
  t.is(echoed(await get(port, home, '/')).headers['x-forwarded-proto'], 'https', 'what is inside says nothing');
});

test('hosts in capitals and with a dot at the end are the same hosts', async (t) => {
  for (const port of [t.context.http, t.context.door]) {
    for (const host of [home.toUpperCase(), `${home}.`, `${home.toUpperCase()}.:80`, `WEB--${home}`]) {
      t.is(echoed(await get(port, host, '/')).name, 'web', host);
    }
    t.is(echoed(await get(port, home.toUpperCase(), '/twins/gcs/x')).name, 'twin');
  }
});

const https = `https://${home}/twins/gcs`;
const http = `http://${home}:8080/twins/gcs`;
const locations: readonly [says: string, byPath: string, byPathOverHTTPS?: string][] = [
  ['/upload/resumable/1?id=2', '/twins/gcs/upload/resumable/1?id=2'],
  ['/', '/twins/gcs/'],
  ['/twins/gcs/x', '/twins/gcs/x'],
  ['/twins/gcs', '/twins/gcs'],
  ['/twins/gcsx', '/twins/gcs/twins/gcsx'],
  ['next', 'next'],
  ['?page=2', '?page=2'],
  [`http://${home}:8080/upload/1`, `${http}/upload/1`, `https://${home}:8080/twins/gcs/upload/1`],
  [
    `http://${home.toUpperCase()}/upload/1`,
    `http://${home.toUpperCase()}/twins/gcs/upload/1`,
    `https://${home.toUpperCase()}/twins/gcs/upload/1`,
  ],
  [`https://${home}`, https],
  [`https://${home}/twins/gcs/x#y`, `${https}/x#y`],
  [`//${home}/x`, `//${home}/twins/gcs/x`],
  ['http://gcs:4443/upload/1', `${http}/upload/1`, `https://${home}:8080/twins/gcs/upload/1`],
  ['http://gcs.pr-1.svc:4443/x', `${http}/x`, `https://${home}:8080/twins/gcs/x`],
  ['http://0.0.0.0:4443/upload/1', `${http}/upload/1`, `https://${home}:8080/twins/gcs/upload/1`],
  ['http://localhost:4443', http, `https://${home}:8080/twins/gcs`],
  // What is somebody else's stays: a developer's own app, another host, a host that only begins the same.
  ['http://localhost:3000/callback?code=1', 'http://localhost:3000/callback?code=1'],
  ['https://accounts.example/login', 'https://accounts.example/login'],
  [`https://${home}.evil.example/x`, `https://${home}.evil.example/x`],
  ['//accounts.example/login', '//accounts.example/login'],
  ['/\\accounts.example', '/\\accounts.example'],
];

for (const [says, byPath, byPathOverHTTPS = byPath] of locations) {
  test(`a twin below /twins/gcs says Location: ${says}`, async (t) => {
    const path = `/twins/gcs/x?Location=${encodeURIComponent(says)}&X-Goog-Upload-URL=${encodeURIComponent(says)}`;
    for (const [port, expected] of [
      [t.context.http, byPath],
      [t.context.https, byPathOverHTTPS],
    ] as const) {
      const { headers } = await get(port, `${home}:8080`, path);
      t.is(headers.location, expected);
      t.is(headers['x-goog-upload-url'], expected);
    }
  });
}

test('a twin on a host of its own is called by that, and keeps its paths', async (t) => {
  const own = `gcs--${home}`;
  for (const [says, expected] of [
    ['/x', '/x'],
    [`http://${own}/x`, `http://${own}/x`],
    ['http://0.0.0.0:4443/upload/1', `http://${own}:8080/upload/1`],
  ] as const) {
    const { headers } = await get(t.context.http, `${own}:8080`, `/x?Location=${encodeURIComponent(says)}`);
    t.is(headers.location, expected);
  }
});

test('cookies of a twin below a path stay below it, and it hears of the path', async (t) => {
  const cookies = [
    'a=1; Path=/',
    'b=2; path=/x; Secure',
    'c=3',
    'd=4; Path=/twins/gcs/y; HttpOnly',
    'e=/; Path=/twins/gcsx',
  ];
  const query = cookies.map((cookie) => `Set-Cookie=${encodeURIComponent(cookie)}`).join('&');
  const got = await get(t.context.http, home, `/twins/gcs/x?${query}`);
  t.deepEqual(got.headers['set-cookie'], [
    'a=1; Path=/twins/gcs/',
    'b=2; path=/twins/gcs/x; Secure',
    'c=3',
    'd=4; Path=/twins/gcs/y; HttpOnly',
    'e=/; Path=/twins/gcs/twins/gcsx',
  ]);
  t.is(echoed(got).headers['x-forwarded-prefix'], '/twins/gcs');
});

test('an environment that is gone answers with a page that says so, one that is not ready with another', async (t) => {
  const gone = await get(t.context.nobody, home, '/');
  t.is(gone.status, 404);
  t.regex(gone.body, /no environment here[\s\S]*kubectl get twinenvironments -A/);
  const silent = await get(t.context.silent, home, '/');
  t.is(silent.status, 503);
  t.truthy(silent.headers['retry-after']);
  t.regex(silent.body, /does not answer yet/);
  for (const { headers } of [gone, silent]) {
    t.is(headers['content-type'], 'text/html; charset=utf-8');
    t.is(headers['x-robots-tag'], 'noindex, nofollow');
  }
});
