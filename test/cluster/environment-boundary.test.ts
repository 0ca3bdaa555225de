import anyTest, { type TestFn } from 'ava';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boundaryConfig } from '../../operator/environments/decide/children/index.ts';
import { freePorts, tools, waitFor } from '../harness/index.ts';

/** The boundary's configuration, run by a real Caddy; only addresses are replaced by those of this machine. */
const test = anyTest as TestFn<{ readonly port: number; readonly stop: () => Promise<void> }>;

const home = 'pr-1-abcdefgh.twins.localhost';
const owner = { namespace: 'shop-dev', name: 'pr-1', uid: '1' };

test.before(async (t) => {
  const servers = await Promise.all(['web', 'admin', 'stripe', 'gcs', 'page'].map(echo));
  const [web = 0, admin = 0, stripe = 0, gcs = 0, page = 0] = servers.map(portOf);
  const [listen = 0, health = 0] = await freePorts(2);
  const config = JSON.stringify(
    boundaryConfig({
      owner,
      systemNamespace: 'twinlock-system',
      host: home,
      hostOf: (component) => `${component}.${home}`,
      workloads: [
        { name: 'web', port: 8080 },
        { name: 'admin', port: 9090 },
      ],
      twinsByHost: [{ name: 'gcs', port: 4443 }],
      twinsByPath: [{ name: 'stripe', port: 12_111 }],
      noindex: true,
    }),
  );
  const here = Object.entries({
    'web:8080': web,
    'admin:9090': admin,
    'stripe:12111': stripe,
    'gcs:4443': gcs,
    'twinlock-environments.twinlock-system.svc.cluster.local:8080': page,
  }).reduce((text, [dial, port]) => text.replaceAll(`"${dial}"`, `"127.0.0.1:${port}"`), config);
  const folder = await mkdtemp(join(tmpdir(), 'twinlock-boundary-'));
  const file = join(folder, 'caddy.json');
  await writeFile(file, here.replace('":8080"', `"127.0.0.1:${listen}"`).replace('":8081"', `"127.0.0.1:${health}"`));
  const environment = { XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  const caddy = spawn(await tools.caddy(), ['run', '--config', file], { env: environment, stdio: 'ignore' });
  const exited = new Promise((resolve) => caddy.once('exit', resolve));
  t.context = {
    port: listen,
    stop: async () => {
      caddy.kill();
      await exited;
      for (const server of servers) server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await waitFor('Caddy answers', async () => (await get(health, 'x', '/')).status === 200);
});
test.after.always((t) => t.context.stop?.());

/** Says who it is and what it was asked. */
async function echo(name: string): Promise<Server> {
  const server = createServer(({ url, headers: { host } }, response) => {
    response.setHeader('x-robots-tag', 'all');
    response.end(JSON.stringify({ name, url, host }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function get(port: number, host: string, path: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.once('error', reject).end();
  });
}

const routes: readonly [title: string, host: string, path: string, upstream: string, url: string][] = [
  ['the first workload answers on the environment’s host', home, '/pay?x=1', 'web', '/pay?x=1'],
  ['a workload answers on its own host', `admin.${home}`, '/', 'admin', '/'],
  ['a twin by host answers on its own host', `gcs.${home}`, '/storage/v1/b', 'gcs', '/storage/v1/b'],
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

test('boundary: the Host header stays what the browser sent', async (t) => {
  const { body } = await get(t.context.port, `admin.${home}`, '/');
  t.is((JSON.parse(body) as { host: string }).host, `admin.${home}`);
});

test('boundary: hosts of nobody get 404, and a path is no host', async (t) => {
  t.is((await get(t.context.port, `nobody.${home}`, '/')).status, 404);
  t.is((await get(t.context.port, 'example.com', '/twins/stripe/v1')).status, 404);
  t.like(JSON.parse((await get(t.context.port, home, '/twins/gcs/x')).body), { name: 'web' });
});
