import anyTest, { type TestFn } from 'ava';
import { connect as connectHTTP2 } from 'node:http2';
import { connect } from 'node:net';
import { freePorts, tools, waitFor } from '../harness/index.ts';
import {
  echo,
  echoed,
  get,
  home,
  openBoundary,
  portOf,
  startProgram,
  upstream,
  type Running,
} from '../stage/boundary.ts';

/** Google's stand-in as it is published, whose admin API shares the port, and an echo that shows what would arrive. */
const test = anyTest as TestFn<Running & { readonly gcs: number }>;
const adminPaths = ['/_internal'];

test.before(async (t) => {
  t.timeout(20 * 60_000, 'fake-gcs-server is built on the first run');
  const [gcs = 0] = await freePorts(1);
  const program = await startProgram(await tools.fakeGcs(), [
    '-scheme',
    'http',
    '-host',
    '127.0.0.1',
    '-port',
    `${gcs}`,
    '-backend',
    'memory',
  ]);
  await waitFor('fake-gcs-server answers', async () =>
    get(gcs, 'x', '/_internal/healthcheck').then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  const echoes = [await echo('twin'), await echo('web')];
  const [twin = 0, web = 0] = echoes.map(portOf);
  const boundary = await openBoundary(
    {
      workloads: [upstream('web', 8080)],
      twinsByHost: [upstream('echo', 1, { adminPaths }), upstream('store', 2, { adminPaths })],
      twinsByPath: [upstream('echo', 1, { adminPaths }), upstream('store', 2, { adminPaths })],
    },
    { 'web:8080': web, 'echo:1': twin, 'store:2': gcs },
  );
  t.context = {
    port: boundary.port,
    gcs,
    stop: async () => {
      await boundary.stop();
      await program.stop();
      for (const server of echoes) server.close();
    },
  };
});
test.after.always((t) => t.context.stop?.());

/** Below the twin's root, each a way to write what some server reads as /_internal/config. */
const spellings = [
  '/_internal/config',
  '/_internal',
  '/_internal/',
  '/_INTERNAL/Config',
  '/_internal/config?x=1',
  '/%5finternal/config',
  '/%5Finternal/config',
  '/_%69nternal/config',
  '/%5f%69%6e%74%65%72%6e%61%6c/config',
  '/%255finternal/config',
  '/%25255finternal/config',
  '/_internal%2fconfig',
  '/_internal%252Fconfig',
  '//_internal/config',
  '///_internal//config',
  '/%2f_internal/config',
  '/./_internal/config',
  '/%2e/_internal/config',
  '/%252e/_internal/config',
  '/x/../_internal/config',
  '/x/%2e%2e/_internal/config',
  '/x/%252e%252e/_internal/config',
  '/x/..%2f_internal/config',
  '/x/..;/_internal/config',
  '/;a=b/_internal/config',
  '/_internal;a=b/config',
  '/_internal%3ba/config',
  '/\\_internal/config',
  '/_internal\\config',
  '/%5c_internal/config',
  '/x\\..\\_internal\\config',
  '//name.example/_internal/config',
  '/_internal.json',
  '/_internal%00/config',
  '/%c0%af_internal/config',
  '/..%c0%af_internal/config',
  '/_internal%20/config',
  '/%20_internal/config',
  '/%09_internal%09/%20config',
  '/%ef%bc%8f_internal/config',
  '/_internal%EF%BC%8Fconfig',
  '/x/%ef%bc%8e%ef%bc%8e/_internal/config',
] as const;

for (const path of spellings) {
  test(`a twin's admin API is refused: ${path}`, async (t) => {
    const { port, gcs } = t.context;
    for (const [host, prefix] of [
      [`echo--${home}`, ''],
      [home, '/twins/echo'],
      [home, '/TWINS/Echo'],
      [home, '/twins/%65cho'],
      [home, '//twins//echo'],
      [home, '/x/../twins/echo'],
      [`echo--${home}`, `http://echo--${home}`],
      [`web--${home}`, `http://echo--${home}`],
      [`web--${home}`, `http://${home}/twins/echo`],
    ] as const) {
      const got = await get(port, host, `${prefix}${path}`);
      if (got.status === 200) {
        // A way up can leave the twin's path: then it is the app that is asked, by its own path. And what is below
        // /twins/<name> has one slash in front when it arrives, so that nothing in it is read as a host.
        const { name, url } = echoed(got);
        t.true(
          name === 'web' || url === '/name.example/_internal/config',
          `${prefix}${path} on ${host}: ${name} ${url}`,
        );
      } else {
        t.true([400, 403, 404].includes(got.status), `${prefix}${path} on ${host}: ${got.status}`);
      }
    }
    const body = JSON.stringify({ externalUrl: 'http://evil.example' });
    await get(port, home, `/twins/store${path}`, { method: 'PUT', body });
    await get(port, `store--${home}`, path, { method: 'PUT', body });
    const { body: said } = await get(gcs, 'x', '/storage/v1/b');
    t.false(said.includes('evil.example'), said);
  });
}

test("a twin's admin API is refused over HTTP/2, whatever the pseudo headers say", async (t) => {
  const session = connectHTTP2(`http://127.0.0.1:${t.context.port}`);
  const ask = (headers: Readonly<Record<string, string>>): Promise<number> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':method': 'GET', ...headers });
      stream.once('response', ({ ':status': status = 0 }) => resolve(status));
      stream.once('error', reject);
      stream.resume();
    });
  t.is(await ask({ ':authority': `echo--${home}`, ':path': '/v1' }), 200);
  for (const path of spellings) {
    t.true([400, 403, 404].includes(await ask({ ':authority': `echo--${home}`, ':path': path })), path);
  }
  const absolute = `http://echo--${home}/_internal/config`;
  t.not(await ask({ ':authority': `web--${home}`, ':path': absolute }).catch(() => 0), 200);
  const named = { ':authority': `echo--${home}`, ':path': '/_internal/config', host: `web--${home}` };
  t.not(await ask(named).catch(() => 0), 200);
  session.destroy();
});

test('the app’s own path of that name is the app’s, and the vendor’s API passes', async (t) => {
  const { port } = t.context;
  t.like(echoed(await get(port, home, '/_internal/config')), { name: 'web', url: '/_internal/config' });
  const object = '/storage/v1/b/receipts/o/2026%2Fone%20receipt.txt?alt=media';
  t.like(echoed(await get(port, home, `/twins/echo${object}`)), { name: 'twin', url: object });
  t.like(echoed(await get(port, `echo--${home}`, '/_internals')), { name: 'twin', url: '/_internals' });
  const made = await get(port, home, '/twins/store/storage/v1/b?project=p', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'receipts' }),
  });
  t.is(made.status, 200, made.body);
});

test('no header names another path to a twin, and nothing but WebSocket leaves HTTP', async (t) => {
  const { port } = t.context;
  const headers = { 'x-original-url': '/_internal/config', 'x-rewrite-url': '/_internal/config' };
  const got = echoed(await get(port, `echo--${home}`, '/v1', { headers }));
  t.deepEqual(
    Object.keys(got.headers).filter((name) => name in headers),
    [],
  );
  t.is((await raw(port, upgrading('h2c'))).headers['upgrade'], undefined);
  t.is((await raw(port, upgrading('websocket, h2c'))).headers['upgrade'], undefined);
  t.is((await raw(port, upgrading('websocket'))).headers['upgrade'], 'websocket');
});

/** A request that asks to go on in another protocol. */
function upgrading(upgrade: string): string {
  return `GET /v1 HTTP/1.1\r\nHost: echo--${home}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${upgrade}\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n`;
}

/** What the echo was asked by bytes. */
function raw(port: number, bytes: string): Promise<ReturnType<typeof echoed>> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const [, body] = text.split('\r\n\r\n');
      if (body?.endsWith('}') !== true) return;
      socket.destroy();
      resolve(echoed({ status: 200, headers: {}, body }));
    });
    socket.once('error', reject);
  });
}
