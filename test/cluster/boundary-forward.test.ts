import anyTest, { type TestFn } from 'ava';
import { createServer, request, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { connect as connectHTTP2, createServer as createHTTP2 } from 'node:http2';
import { connect, createServer as createTCP } from 'node:net';
import type { ForwardAuth } from '../../operator/environments/decide/children/index.ts';
import { freePorts } from '../harness/index.ts';
import {
  echo,
  echoed,
  get,
  home,
  listening,
  openBoundary,
  page,
  portOf,
  upstream,
  type Running,
} from '../stage/boundary.ts';

/** What an endpoint was asked. */
interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A boundary that asks an endpoint, what the endpoint was asked, and what it answers. */
const test = anyTest as TestFn<{
  readonly port: number;
  readonly asked: Asked[];
  readonly answer: { give: (response: ServerResponse, asked: Asked) => void };
  readonly stop: () => Promise<void>;
}>;

const endpoint = 'guard.auth.svc:4180';
const auth: ForwardAuth = {
  url: new URL(`http://${endpoint}/`),
  identityHeaders: ['x-auth-request-user', 'X-Auth-Request-Groups'],
  cookies: ['session', '_proxy*'],
  headers: ['Authorization'],
};
/** Lets in whom it knows, and sends others to where they sign in. */
const usual = (response: ServerResponse, { headers }: Asked): void => {
  if (/(?:^|; )session=alice(?:;|$)/.test(headers.cookie ?? '') || headers.authorization === 'Bearer alice') {
    response.writeHead(202, { 'x-auth-request-user': 'alice', 'x-other': 'never', 'set-cookie': 'a=1' }).end('welcome');
  } else {
    const location = `https://login.example/?rd=https://${headers['x-forwarded-host']}${headers['x-forwarded-uri']}`;
    response.writeHead(302, { location, 'set-cookie': ['csrf=1; Path=/', '_proxy_csrf=2'] }).end('sign in\n');
  }
};
const alice = { cookie: 'session=alice' };

/** An endpoint that says at any time what its test wants. */
async function guard(asked: Asked[], answer: { give: typeof usual }): Promise<Server> {
  return listening(
    createServer((incoming, response) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      incoming.on('end', () => {
        const { method, url, headers } = incoming;
        const heard = { method, url, headers, body };
        asked.push(heard);
        answer.give(response, heard);
      });
    }),
  );
}

test.beforeEach(async (t) => {
  const asked: Asked[] = [];
  const answer = { give: usual };
  const web = await echo('web');
  web.on('upgrade', (incoming, socket) => {
    const got = JSON.stringify(incoming.headers);
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Got: ${got}\r\n\r\n`,
    );
  });
  const twin = await echo('twin');
  const streams = await listening(createHTTP2());
  streams.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200, got: JSON.stringify(headers) }, { endStream: true });
  });
  const server = await guard(asked, answer);
  const boundary = await openBoundary(
    {
      auth,
      workloads: [upstream('web', 8080)],
      twinsByHost: [upstream('twin', 1), upstream('streams', 2, { h2c: true })],
      twinsByPath: [upstream('twin', 1)],
      files: [{ workload: 'web', path: '/config.js', contentType: 'text/javascript', body: 'configured' }],
      authorityOf: (host) => `${host}:8443`,
      scheme: 'https',
    },
    {
      'web:8080': portOf(web),
      'twin:1': portOf(twin),
      'streams:2': portOf(streams),
      [endpoint]: portOf(server),
      [page]: portOf(twin),
    },
  );
  t.context = {
    port: boundary.port,
    asked,
    answer,
    stop: async () => {
      await boundary.stop();
      for (const each of [web, twin, streams, server]) each.close();
    },
  };
});
test.afterEach.always((t) => t.context.stop?.());

/** Every kind of place behind the boundary. */
const places = [
  [home, '/'],
  [`web--${home}`, '/'],
  [home, '/twins/twin/v1'],
  [`twin--${home}`, '/v1'],
  [`streams--${home}`, '/a.B/C'],
  [home, '/admin/services'],
  [home, '/config.js'],
] as const;

test('whom the endpoint does not know gets its answer, and nothing behind the boundary hears of it', async (t) => {
  for (const [host, path] of places) {
    for (const method of ['GET', 'POST', 'OPTIONS', 'HEAD', 'PURGE']) {
      const { status, headers, body } = await get(t.context.port, host, path, { method });
      t.is(status, 302, `${method} ${host}${path}`);
      t.is(headers.location, `https://login.example/?rd=https://${host}:8443${path}`);
      t.deepEqual(headers['set-cookie'], ['csrf=1; Path=/', '_proxy_csrf=2']);
      t.is(body, method === 'HEAD' ? '' : 'sign in\n');
      t.is(headers['x-robots-tag'], 'noindex, nofollow');
      t.is(t.context.asked.at(-1)?.headers['x-forwarded-method'], method);
    }
  }
  for (const status of [401, 403, 404, 407, 429, 300]) {
    t.context.answer.give = (response) => response.writeHead(status, { 'www-authenticate': 'Basic' }).end('no');
    const got = await get(t.context.port, home, '/', { headers: alice });
    t.deepEqual([got.status, got.headers['www-authenticate'], got.body], [status, 'Basic', 'no']);
  }
});

test('whom it knows is let in, and apps hear who it is from nobody else', async (t) => {
  const { port, asked } = t.context;
  for (const [host, path] of places.slice(0, 4)) {
    for (const headers of [alice, { authorization: 'Bearer alice' }]) {
      const got = await get(port, host, path, { method: 'POST', headers: { ...headers, 'x-mine': '1' }, body: 'kept' });
      t.is(got.status, 200, got.body);
      t.is(got.headers['set-cookie'], undefined);
      const { body, headers: seen } = echoed(got);
      t.is(body, 'kept');
      t.like(seen, { 'x-auth-request-user': 'alice', 'x-mine': '1' });
      for (const name of ['x-auth-request-groups', 'x-other', 'cookie', 'authorization'])
        t.false(name in seen, `${name} on ${host}${path}`);
    }
  }
  t.is((await get(port, home, '/config.js', { headers: alice })).body, 'configured');
  t.is((await get(port, `streams--${home}`, '/a.B/C', { headers: alice })).status, 200);
  t.deepEqual(new Set(asked.map(({ body }) => body)), new Set(['']));
});

test('of a request the endpoint hears where it goes and what it knows people by, in words of the boundary', async (t) => {
  const { port, asked } = t.context;
  const headers = {
    ...alice,
    accept: 'text/html',
    'user-agent': 'browser',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-uri': '/healthz',
    'x-forwarded-method': 'OPTIONS',
    'x-forwarded-proto': 'http',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-user': 'admin',
    'x-original-url': '/healthz',
    'x-auth-request-user': 'admin',
    'x-auth-request-redirect': 'https://evil.example/',
    'x-real-ip': '127.0.0.1',
    'x-twinlock-absent': 'here',
    connection: 'x-forwarded-host, x-forwarded-uri, keep-alive',
  };
  const path = '/a%2fb/../c?x=%7B{http.request.host}&y';
  await get(port, `WEB--${home.toUpperCase()}.:8443`, path, { method: 'PUT', headers, body: 'kept' });
  t.is(asked.length, 1);
  for (const { method, url, headers: heard, body } of asked) {
    t.deepEqual([method, url, body], ['GET', '/', '']);
    t.deepEqual(
      Object.keys(heard).toSorted(),
      `accept accept-encoding cookie host user-agent x-forwarded-host x-forwarded-method x-forwarded-proto x-forwarded-uri`.split(
        ' ',
      ),
    );
    t.like(heard, {
      cookie: 'session=alice',
      accept: 'text/html',
      'user-agent': 'browser',
      'x-forwarded-host': `web--${home}:8443`,
      'x-forwarded-method': 'PUT',
      'x-forwarded-proto': 'https',
      'x-forwarded-uri': path,
    });
    t.regex(heard.host ?? '', /^(guard\.auth\.svc:4180|127\.0\.0\.1:\d+)$/);
  }
});

test('a body is kept for the app, though the request looks like what the endpoint is asked', async (t) => {
  const { port, asked } = t.context;
  for (const path of ['/', '/?twinlock']) {
    const got = await get(port, home, path, { headers: { ...alice, 'content-length': 4 }, body: 'kept' });
    t.is(echoed(got).body, 'kept');
  }
  t.deepEqual(
    asked.map(({ body }) => body),
    ['', ''],
  );
});

/** Names of the same header to some server. */
const spellings = [
  'X-Auth-Request-User',
  'x-auth-request-user',
  'X-AUTH-REQUEST-USER',
  'x_auth_request_user',
  'X_Auth-Request_User',
  'X-Auth-Request_User',
  'x.auth.request.user',
  "x'auth'request'user",
  'X-Auth-Request-User_',
  'X~Auth~Request~User',
  'X-Auth-Request-Groups',
  'X_Auth_Request_Groups',
];
for (const name of spellings)
  test(`nobody says who they are by themselves: ${name}`, async (t) => {
    const { port, answer } = t.context;
    answer.give = (response) => response.writeHead(200).end();
    for (const headers of [{ [name]: 'admin' }, { [name]: ['admin', 'root'] }, { [name]: 'admin', connection: name }]) {
      const seen = echoed(await get(port, home, '/', { headers })).headers;
      t.deepEqual(
        Object.keys(seen).filter((each) => /auth/i.test(each)),
        [],
      );
    }
    answer.give = usual;
    const known = echoed(await get(port, home, '/', { headers: { ...alice, [name]: 'admin', connection: name } }));
    t.false(JSON.stringify(known.headers).includes('admin'));
    t.is(known.headers['x-auth-request-user'], 'alice');
  });

test('no Connection header takes who somebody is out of a request on its way', async (t) => {
  const headers = { ...alice, connection: 'close, X-Auth-Request-User' };
  t.is(echoed(await get(t.context.port, home, '/', { headers })).headers['x-auth-request-user'], 'alice');
  const [status, got] = await upgraded(t.context.port, {
    ...alice,
    connection: 'Upgrade, X-Auth-Request-User',
    'x-auth-request-user': 'admin',
  });
  t.is(status, 101);
  t.like(JSON.parse(got), { 'x-auth-request-user': 'alice', upgrade: 'websocket' });
  t.false('cookie' in (JSON.parse(got) as object));
});

test('what the endpoint knows people by is heard by no app, whatever stands beside it', async (t) => {
  for (const [cookie, left] of [
    ['session=alice; a=1', 'a=1'],
    ['a=1; session=alice; b=2', 'a=1; b=2'],
    ['session=alice; session=secret; a=1', 'a=1'],
    ['session=alice; _proxy_0=secret; _proxy=secret; a=1', 'a=1'],
    ['a="; session=alice; b="', 'a="; b="'],
    ['my_session=1; session=alice; sessions=2; x_proxy=3', 'my_session=1; sessions=2; x_proxy=3'],
    ['session=alice', undefined],
  ] as const) {
    const { headers } = echoed(await get(t.context.port, home, '/', { headers: { cookie } }));
    t.is(headers.cookie, left, cookie);
  }
});

test('a session of one environment is that of another where the endpoint says so, and only there', async (t) => {
  t.context.answer.give = (response, { headers }) =>
    response.writeHead(headers['x-forwarded-host'] === `web--${home}:8443` ? 200 : 403).end('by host');
  t.is((await get(t.context.port, `web--${home}`, '/', { headers: alice })).status, 200);
  const named = { ...alice, 'x-forwarded-host': `web--${home}:8443` };
  t.is((await get(t.context.port, `twin--${home}`, '/', { headers: named })).status, 403);
  t.is((await get(t.context.port, home, `http://web--${home}/`, { headers: named })).status, 200, 'that is the app');
  t.is((await get(t.context.port, `web--${home}`, `http://twin--${home}/`, { headers: named })).status, 403);
});

test('a host that is nobody’s is told to nobody', async (t) => {
  for (const host of [`nobody--${home}`, 'evil.example', `web--${home}.evil.example`]) {
    t.is((await get(t.context.port, host, '/', { headers: alice })).status, 404, host);
  }
  t.deepEqual(t.context.asked, []);
});

test('a WebSocket, and what leaves HTTP, is asked about like everything', async (t) => {
  const { port } = t.context;
  t.is((await upgraded(port, {}))[0], 302);
  t.is((await upgraded(port, { upgrade: 'h2c' }))[0], 302);
  t.is((await upgraded(port, { cookie: 'session=bob' }))[0], 302);
  t.is((await upgraded(port, alice))[0], 101);
});

test('over HTTP/2 it is the same', async (t) => {
  const session = connectHTTP2(`http://127.0.0.1:${t.context.port}`);
  const ask = (headers: Readonly<Record<string, string>>): Promise<readonly [status: number, got: string]> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':authority': `streams--${home}`, ':path': '/a.B/C', ...headers });
      stream.once('response', ({ ':status': status = 0, got }) => resolve([status, String(got)]));
      stream.once('error', reject);
      stream.resume();
    });
  t.is((await ask({}))[0], 302);
  t.is((await ask({ 'x-auth-request-user': 'alice', x_auth_request_user: 'alice' }))[0], 302);
  const [status, got] = await ask({
    ...alice,
    'x-auth-request-user': 'admin',
    x_auth_request_user: 'admin',
    te: 'trailers',
  });
  t.is(status, 200);
  t.like(JSON.parse(got), { 'x-auth-request-user': 'alice', te: 'trailers' });
  t.false(got.includes('admin'));
  session.destroy();
});

test('a large body passes while its end is still to come', async (t) => {
  const sent = request({ host: '127.0.0.1', port: t.context.port, method: 'PUT', headers: { host: home, ...alice } });
  const answer = new Promise<number>((resolve, reject) => {
    sent.once('error', reject).once('response', (response) => {
      let size = 0;
      response.on('data', (chunk: Buffer) => (size += chunk.length)).on('end', () => resolve(size));
    });
  });
  const piece = Buffer.alloc(1024 * 1024, 'a');
  for (let count = 0; count < 20; count += 1)
    if (!sent.write(piece)) await new Promise((resolve) => sent.once('drain', resolve));
  sent.end();
  t.true((await answer) > 20 * piece.length);
  t.is(t.context.asked[0]?.body, '');
});

test('an endpoint that fails lets nobody in, and says so in words', async (t) => {
  for (const status of [500, 502, 503, 599]) {
    t.context.answer.give = (response) => response.writeHead(status, { 'x-secret': 'its own' }).end('its stack trace');
    const got = await get(t.context.port, home, '/', { headers: alice });
    t.deepEqual([got.status, got.headers['x-secret']], [502, undefined]);
    t.regex(got.body, /^Nobody is let in: .*forwardURL in exposure\.auth/);
  }
  t.context.answer.give = (response) => response.destroy();
  t.is((await get(t.context.port, home, '/', { headers: alice })).status, 502);
});

test('an app that fails is told apart from an endpoint that does', async (t) => {
  const running = await openBoundary(
    { auth, workloads: [upstream('web', 8080)] },
    { 'web:8080': (await freePorts(1))[0] ?? 0, [endpoint]: await answering(t.context) },
  );
  t.teardown(running.stop);
  const { status, body } = await get(running.port, home, '/', { headers: alice });
  t.is(status, 502);
  t.regex(body, /^What is behind this address does not answer/);
});

for (const [how, open] of [
  ['is not there', async () => (await freePorts(1))[0] ?? 0],
  ['hangs up', async () => portOf(await unref(createTCP((socket) => socket.destroy())))],
  ['speaks something else', async () => portOf(await unref(createTCP((socket) => socket.end('220 mail.example\r\n'))))],
  ['says nothing', async () => portOf(await unref(createTCP(() => undefined)))],
] as const)
  test(`an endpoint that ${how} lets nobody in`, async (t) => {
    const web = await echo('web');
    const running: Running = await openBoundary(
      { auth, workloads: [upstream('web', 8080)] },
      { 'web:8080': portOf(web), [endpoint]: await open() },
    );
    t.teardown(async () => {
      await running.stop();
      web.close();
    });
    const { status, body } = await get(running.port, home, '/', { headers: alice });
    t.is(status, how === 'says nothing' ? 504 : 502);
    t.regex(body, /^Nobody is let in: /);
  });

test('nothing of a request is smuggled past the question', async (t) => {
  const { port, asked } = t.context;
  const second = `GET /second HTTP/1.1\r\nHost: ${home}\r\n\r\n`;
  for (const [head, body] of [
    ['Transfer-Encoding: chunked\r\nContent-Length: 4', `0\r\n\r\n${second}`],
    [`Content-Length: ${second.length}`, second],
    ['Transfer-Encoding: xchunked', second],
  ] as const) {
    const text = await raw(
      port,
      `POST / HTTP/1.1\r\nHost: ${home}\r\nCookie: session=alice\r\n${head}\r\nConnection: close\r\n\r\n${body}`,
    );
    t.regex(text, /^HTTP\/1\.1 (200|400|501) /, head);
    t.notRegex(text, /"url":"\/second"/);
  }
  t.true(asked.every(({ headers }) => headers['x-forwarded-uri'] === '/'));
});

/** The endpoint of a test, by its port. */
async function answering({ asked, answer }: { asked: Asked[]; answer: { give: typeof usual } }): Promise<number> {
  return portOf((await guard(asked, answer)).unref());
}

async function unref(server: ReturnType<typeof createTCP>): Promise<ReturnType<typeof createTCP>> {
  return (await listening(server)).unref();
}

/** How an upgrade is answered, and what the app was asked where it was. */
function upgraded(port: number, headers: object): Promise<readonly [status: number, got: string]> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      headers: { host: home, connection: 'Upgrade', upgrade: 'websocket', ...headers },
    });
    sent.once('response', ({ statusCode = 0 }) => resolve([statusCode, '']));
    sent.once('upgrade', (response, socket) => {
      socket.destroy();
      resolve([101, String(response.headers['x-got'])]);
    });
    sent.once('error', reject).end();
  });
}

/** Everything that comes back on one connection. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.once('close', () => resolve(text)).once('error', reject);
  });
}
