import anyTest, { type TestFn } from 'ava';
import { createServer as createHTTP2 } from 'node:http2';
import { createServer as createTCP, type Server } from 'node:net';
import { createServer } from 'node:http';
import { systemClock } from '../../operator/kube/index.ts';
import { tryReach } from '../../operator/environments/gather/reach.ts';
import type { Reach } from '../../operator/environments/decide/reach.ts';
import { OutboundClient } from '../../operator/outbound/index.ts';
import { freePorts } from '../harness/index.ts';
import { echoed, echo, get, home, listening, openBoundary, portOf, upstream } from '../stage/boundary.ts';

/** What the environments process hears of what is behind a boundary, from a real one. */
const test = anyTest as TestFn<{
  readonly port: number;
  readonly reach: (component: string) => Promise<Reach>;
  readonly asked: string[];
  readonly stop: () => Promise<void>;
}>;

const outbound = new OutboundClient({ clock: systemClock, refused: async () => [], allowed: ['127.0.0.1/32'] });
const signal = new AbortController().signal;

test.before(async (t) => {
  const asked: string[] = [];
  const angry = await listening(
    createServer(({ method, url, headers }, response) => {
      asked.push(`${method} ${url} of ${headers.host}`);
      response.writeHead(503, { 'x-secret': 'its own' }).end('its own words');
    }),
  );
  const streams = await listening(createHTTP2());
  streams.on('stream', (stream) => stream.respond({ ':status': 415 }, { endStream: true }));
  const silent = await listening(createTCP(() => undefined));
  const rude = await listening(createTCP((socket) => socket.destroy()));
  const inner = await echo('inner');
  const [nobody = 0] = await freePorts(1);
  const servers: readonly Server[] = [angry, streams, silent, rude, inner];
  const boundary = await openBoundary(
    {
      auth: 'Token',
      workloads: ['angry', 'deaf', 'silent', 'rude'].map((name) => upstream(name, 8080)),
      twinsByHost: [upstream('streams', 9000, { h2c: true })],
      twinsByPath: [upstream('inner', 8080, { adminPaths: ['/'] })],
    },
    {
      'angry:8080': portOf(angry),
      'deaf:8080': nobody,
      'silent:8080': portOf(silent),
      'rude:8080': portOf(rude),
      'streams:9000': portOf(streams),
      'inner:8080': portOf(inner),
    },
  );
  const url = new URL(`http://127.0.0.1:${boundary.port}/`);
  t.context = {
    port: boundary.port,
    asked,
    reach: (workload) => tryReach(outbound, url, { target: { namespace: 'pr-1-x', workload }, signal }),
    stop: async () => {
      await boundary.stop();
      for (const server of servers) server.close();
    },
  };
});
test.after.always((t) => t.context.stop?.());

for (const component of ['angry', 'streams', 'inner'])
  test(`${component} is reached, whatever it answers, past the token and the admin paths`, async (t) => {
    t.deepEqual(await t.context.reach(component), { reached: true });
  });

test('what an app is asked is one GET of its root, by the name of its Service, and nothing of its answer gets out', async (t) => {
  t.deepEqual(await t.context.reach('angry'), { reached: true });
  t.regex(t.context.asked.join('\n'), /^GET \/ of (angry:8080|127\.0\.0\.1:\d+)$/m);
  const { status, body, headers } = await get(t.context.port, 'angry.reach.twinlock', '/');
  t.deepEqual([status, body, headers['x-secret']], [204, '', undefined]);
});

const failures: readonly [component: string, words: RegExp][] = [
  [
    'deaf',
    /^is not reached through the boundary, which answers 502: dial tcp 127\.0\.0\.1:\d+: connect: connection refused$/,
  ],
  ['silent', /^is not reached through the boundary, which answers 504: .*timeout awaiting response headers$/],
  ['rude', /^is not reached through the boundary, which answers 502: .*(?:EOF|reset by peer)$/],
  ['nobody', /^is not reached through the boundary, which answers \d+: /],
];
for (const [component, words] of failures)
  test(`who is not reached is told in the network's words: ${component}`, async (t) => {
    const said = await t.context.reach(component);
    t.regex('failure' in said ? said.failure : '', words);
    t.deepEqual(await t.context.reach(component), said, 'the same at every try');
  });

test('no boundary at all is told by its own Service', async (t) => {
  const [nobody = 0] = await freePorts(1);
  const target = { namespace: 'pr-1-x', workload: 'web' };
  t.deepEqual(await tryReach(outbound, new URL(`http://127.0.0.1:${nobody}/`), { target, signal }), {
    failure: 'is not reached, since the Service twinlock-boundary:8080 is not: no answer came (ECONNREFUSED)',
  });
});

test('only that one path and method is past the token', async (t) => {
  for (const [path, method] of [
    ['/data', 'GET'],
    ['/', 'POST'],
    ['/?x=1', 'DELETE'],
  ] as const) {
    const { status } = await get(t.context.port, 'inner.reach.twinlock', path, { method });
    t.not(status, 204, `${method} ${path}`);
  }
  const own = await get(t.context.port, home, '/');
  t.not(own.status, 204);
  t.throws(() => echoed(own));
});
