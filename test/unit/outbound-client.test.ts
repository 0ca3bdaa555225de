/** The way out, against real servers that behave as badly as they like. */
import anyTest, { type TestFn } from 'ava';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { systemClock } from '../../operator/kube/index.ts';
import {
  OutboundClient,
  OutboundError,
  type OutboundAnswer,
  type OutboundOptions,
  type OutboundRequest,
} from '../../operator/outbound/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';

interface Stage {
  readonly server: Server;
  readonly url: (path: string, host?: string) => URL;
  /** Paths that were asked for, in the order in which they came, with the address that was connected to. */
  readonly asked: { readonly path: string; readonly at: string | undefined }[];
}
const test = anyTest as TestFn<Stage>;

const MAX_BYTES = 10_000;
const zeros = Buffer.alloc(5_000_000);

/** Sends for as long as somebody reads. */
function endlessly(response: ServerResponse, part: Buffer): void {
  const more = (): void => {
    while (!response.destroyed && response.write(part));
  };
  response.on('drain', more);
  more();
}

const encoded =
  (encoding: string, body: Buffer): RequestListener =>
  (_, response) =>
    response.writeHead(200, { 'content-encoding': encoding }).end(body);
const redirect =
  (location: string, status = 302): RequestListener =>
  (_, response) =>
    response.writeHead(status, { location }).end();

const routes: Readonly<Record<string, RequestListener>> = {
  '/good': (_, response) => response.writeHead(200, { 'x-answer': 'yes' }).end('good'),
  '/gone': (_, response) => response.writeHead(410).end('gone'),
  '/echo': (request, response) => void request.pipe(response.writeHead(200, { 'x-method': request.method ?? '' })),
  '/full': (_, response) => response.end(Buffer.alloc(MAX_BYTES)),
  '/large': (_, response) => response.end(Buffer.alloc(MAX_BYTES + 1)),
  '/endless': (_, response) => endlessly(response, Buffer.alloc(1000)),
  '/silent': () => undefined,
  '/begun': (_, response) => void response.write('begun'),
  '/headers': (_, response) => response.writeHead(200, { 'x-large': 'x'.repeat(20_000) }).end(),
  '/many-headers': (_, response) => {
    for (let index = 0; index < 2000; index++) response.setHeader(`x-${index}`, 'x'.repeat(20));
    response.end();
  },
  '/gzip': encoded('gzip', gzipSync('good')),
  '/x-gzip': encoded('X-GZIP', gzipSync('good')),
  '/deflate': encoded('deflate', deflateSync('good')),
  '/brotli': encoded('br', brotliCompressSync('good')),
  '/identity': encoded('identity', Buffer.from('good')),
  '/gzip-bomb': encoded('gzip', gzipSync(zeros)),
  '/deflate-bomb': encoded('deflate', deflateSync(zeros)),
  '/brotli-bomb': encoded('br', brotliCompressSync(zeros)),
  '/gzip-endless': (_, response) => endlessly(response.writeHead(200, { 'content-encoding': 'gzip' }), gzipSync(zeros)),
  '/gzip-twice': encoded('gzip, gzip', gzipSync(gzipSync('good'))),
  '/gzip-cut': encoded('gzip', gzipSync('good').subarray(0, 12)),
  '/gzip-lie': encoded('gzip', Buffer.from('good')),
  '/unknown': encoded('__proto__', Buffer.from('good')),
  '/moved': redirect('/good'),
  '/moved-307': redirect('good', 307),
  '/moved-away': redirect('http://elsewhere.test/good'),
  '/moved-port': redirect('http://service.test:1/good'),
  '/moved-scheme': redirect('https://service.test/good'),
  '/moved-nowhere': redirect('http://['),
  '/moved-file': redirect('file:///etc/passwd'),
  '/moved-user': (request, response) => redirect(`http://user@${request.headers.host}/good`)(request, response),
  '/moved-round': redirect('/moved-round'),
};

test.before(async (t) => {
  const asked: Stage['asked'] = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', at: request.socket.localAddress });
    routes[request.url?.split('?')[0] ?? '']?.(request, response);
  });
  // Every loopback address of this machine, of which Linux has many.
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  t.context = { server, asked, url: (path, host = 'service.test') => new URL(`http://${host}:${port}${path}`) };
});
test.after.always((t) => t.context.server.close());

function outbound(options: Partial<OutboundOptions> = {}): OutboundClient {
  return new OutboundClient({
    clock: systemClock,
    refused: async () => [],
    allowed: ['127.0.0.0/8'],
    resolve: async () => ['127.0.0.1'],
    ...options,
  });
}

function ask(client: OutboundClient, url: URL, more: Partial<OutboundRequest> = {}): Promise<OutboundAnswer> {
  const signal = new AbortController().signal;
  return client.request({ url, timeout: 10_000, maxBytes: MAX_BYTES, signal, ...more });
}

async function reached({ server, asked }: Stage, path: string): Promise<void> {
  while (!asked.some((each) => each.path === path)) await once(server, 'request');
}

/** What it failed with. Anything but an OutboundError is a fault. */
async function failure(request: Promise<unknown>): Promise<string> {
  return request.then(
    () => 'answered',
    (error: unknown) => {
      if (error instanceof OutboundError) return error.code;
      throw error;
    },
  );
}

test('an answer is read whole, whatever its status', async (t) => {
  const good = await ask(outbound(), t.context.url('/good'));
  t.is(good.status, 200);
  t.is(good.body.toString(), 'good');
  t.is(good.headers['x-answer'], 'yes');
  t.like(await ask(outbound(), t.context.url('/gone')), { status: 410 });
  t.is((await ask(outbound(), t.context.url('/full'))).body.byteLength, MAX_BYTES);
});

test('methods, headers and bodies go out as they are', async (t) => {
  const answer = await ask(outbound(), t.context.url('/echo'), { method: 'POST', body: 'told' });
  t.is(answer.body.toString(), 'told');
  t.is(answer.headers['x-method'], 'POST');
  t.is((await ask(outbound(), t.context.url('/gzip'), { method: 'HEAD' })).body.byteLength, 0);
});

for (const path of ['/gzip', '/x-gzip', '/deflate', '/brotli', '/identity']) {
  test(`what is compressed is read: ${path}`, async (t) => {
    t.is((await ask(outbound(), t.context.url(path))).body.toString(), 'good');
  });
}

const bounds: readonly (readonly [path: string, code: string])[] = [
  ['/large', 'TooLarge'],
  ['/endless', 'TooLarge'],
  ['/gzip-bomb', 'TooLarge'],
  ['/deflate-bomb', 'TooLarge'],
  ['/brotli-bomb', 'TooLarge'],
  ['/gzip-endless', 'TooLarge'],
  ['/gzip-twice', 'BadEncoding'],
  ['/gzip-cut', 'BadEncoding'],
  ['/gzip-lie', 'BadEncoding'],
  ['/unknown', 'BadEncoding'],
  ['/headers', 'Unreachable'],
  ['/many-headers', 'Unreachable'],
];
for (const [path, code] of bounds) {
  test(`bounded: ${path} is ${code}`, async (t) => {
    t.is(await failure(ask(outbound(), t.context.url(path))), code);
  });
}

for (const path of ['/silent', '/begun']) {
  test(`bounded: what does not end is over in time: ${path}`, async (t) => {
    const clock = new ManualClock();
    const request = failure(ask(outbound({ clock }), t.context.url(`${path}?clock`), { timeout: 2000 }));
    await reached(t.context, `${path}?clock`);
    clock.advance(2000);
    t.is(await request, 'Timeout');
  });
}

test('bounded: a drip of bytes does not prolong the time', async (t) => {
  const clock = new ManualClock();
  const drips = createServer((_, response) => {
    // Each drip costs a second.
    const drip = (): void => {
      if (response.destroyed) return;
      clock.advance(1000);
      response.write('.', () => setImmediate(drip));
    };
    drip();
  });
  await new Promise<void>((resolve) => drips.listen(0, '127.0.0.1', resolve));
  t.teardown(() => drips.close());
  const { port } = drips.address() as AddressInfo;
  t.is(await failure(ask(outbound({ clock }), new URL(`http://service.test:${port}/`), { timeout: 5000 })), 'Timeout');
});

test('bounded: a name that is never resolved, rules that never come, a connection that is never made', async (t) => {
  const never = new Promise<never>(() => undefined);
  for (const options of [{ resolve: () => never }, { refused: () => never }]) {
    const clock = new ManualClock();
    const request = failure(ask(outbound({ clock, ...options }), t.context.url('/good'), { timeout: 2000 }));
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(2000);
    t.is(await request, 'Timeout');
  }
  // RFC 5737: nobody is there.
  const clock = new ManualClock();
  const far = failure(
    ask(outbound({ clock, resolve: async () => ['192.0.2.1'] }), t.context.url('/'), { timeout: 2000 }),
  );
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(2000);
  t.true(['Timeout', 'Unreachable'].includes(await far));
});

const whole = (text: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;

/** A server that says what it likes, below HTTP. */
async function raw(t: { teardown(work: () => void): void }, talk: (socket: Socket) => void): Promise<URL> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    talk(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new URL(`http://service.test:${(server.address() as AddressInfo).port}/`);
}

/** Says `start`, then `more` for as long as somebody reads. */
function flood(socket: Socket, start: string, more: string): void {
  const part = more.repeat(1000);
  const write = (): void => {
    while (!socket.destroyed && socket.write(part));
  };
  socket.once('data', () => {
    socket.write(start);
    socket.on('drain', write);
    write();
  });
}

const talks: readonly (readonly [title: string, said: string])[] = [
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
  ['a body that ends early', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
  ['a length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a chunk of an impossible size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n'],
  ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
  ['nothing', ''],
];
for (const [title, said] of talks) {
  test(`what is no answer is a failure: ${title}`, async (t) => {
    const url = await raw(t, (socket) => socket.once('data', () => socket.end(said)));
    t.is(await failure(ask(outbound(), url)), 'Unreachable');
  });
}

test('bounded: endless headers, header lines, trailers and chunks end with an error', async (t) => {
  const floods = {
    headers: ['HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
    line: ['HTTP/1.1 200 OK\r\nx: ', 'y'],
    trailers: ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n', 'x: y\r\n'],
    chunks: ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', '1\r\nx\r\n'],
  };
  for (const [name, [start = '', more = '']] of Object.entries(floods)) {
    const url = await raw(t, (socket) => flood(socket, start, more));
    t.is(await failure(ask(outbound(), url)), name === 'chunks' ? 'TooLarge' : 'Unreachable', name);
  }
});

test('bounded: what is endless and no part of the answer ends with the time', async (t) => {
  const floods = {
    informational: ['', 'HTTP/1.1 100 Continue\r\n\r\n'],
    extension: ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;', 'x'],
  };
  for (const [name, [start = '', more = '']] of Object.entries(floods)) {
    const url = await raw(t, (socket) => flood(socket, start, more));
    t.true(['Timeout', 'Unreachable'].includes(await failure(ask(outbound(), url, { timeout: 500 }))), name);
  }
});

test('what an answer leaves behind on its connection is nobody else’s answer', async (t) => {
  let connections = 0;
  const url = await raw(t, (socket) => {
    const own = ++connections;
    socket.once('data', () => socket.write(whole(`answer ${own}`) + whole('planted')));
  });
  const client = outbound();
  t.is((await ask(client, url)).body.toString(), 'answer 1');
  t.is((await ask(client, url)).body.toString(), 'answer 2');
});

test('redirects are the answer unless they are asked to be followed', async (t) => {
  t.like(await ask(outbound(), t.context.url('/moved')), { status: 302, headers: { location: '/good' } });
});

test('redirects are followed on the same host, so many times, for reads alone', async (t) => {
  const client = outbound();
  t.like(await ask(client, t.context.url('/moved'), { redirects: 1 }), { status: 200 });
  t.like(await ask(client, t.context.url('/moved-307'), { redirects: 1 }), { status: 200 });
  t.is(await failure(ask(client, t.context.url('/moved-round'), { redirects: 3 })), 'Redirected');
  t.like(await ask(client, t.context.url('/moved'), { redirects: 1, method: 'POST' }), { status: 302 });
});

for (const path of ['/moved-away', '/moved-port', '/moved-scheme', '/moved-nowhere', '/moved-file']) {
  test(`denied: a redirect elsewhere: ${path}`, async (t) => {
    t.is(await failure(ask(outbound(), t.context.url(path), { redirects: 5 })), 'Redirected');
  });
}

test('denied: a redirect to the same host with a user in it', async (t) => {
  t.is(await failure(ask(outbound(), t.context.url('/moved-user'), { redirects: 5 })), 'BadURL');
});

for (const url of [
  'ftp://service.test/',
  'file:///etc/passwd',
  'http://user@service.test/',
  'http://:secret@service.test/',
]) {
  test(`denied: ${url} is no URL for this`, async (t) => {
    t.is(await failure(ask(outbound(), new URL(url))), 'BadURL');
  });
}

test('denied: a name that leads to an address of this machine, in whatever form', async (t) => {
  const { url, asked } = t.context;
  const forms = [
    '127.0.0.1',
    '127.0.0.9',
    '0.0.0.0',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '169.254.169.254',
  ];
  for (const address of forms) {
    const client = outbound({ allowed: [], resolve: async () => [address] });
    t.is(await failure(ask(client, url('/good?form'))), 'AddressRefused', address);
  }
  t.false(
    asked.some(({ path }) => path === '/good?form'),
    'nobody was asked',
  );
});

test('denied: an address in the place of a name, however the URL spells it', async (t) => {
  const { url, asked } = t.context;
  const hosts = [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::]',
    '0',
  ];
  for (const host of hosts) {
    const client = outbound({ allowed: [], resolve: () => t.fail(`${host} is no name`) as never });
    t.is(await failure(ask(client, url('/good?literal', host))), 'AddressRefused', host);
  }
  t.false(
    asked.some(({ path }) => path === '/good?literal'),
    'nobody was asked',
  );
  t.like(await ask(outbound(), url('/good', '127.0.0.1')), { status: 200 });
  t.like(await ask(outbound({ allowed: ['127.0.0.1/32'] }), url('/good', '2130706433')), { status: 200 });
});

test('denied: the API server, though loopback is allowed', async (t) => {
  const { url } = t.context;
  const client = outbound({ refused: async () => ['127.0.0.7'], resolve: async () => ['127.0.0.7'] });
  t.is(await failure(ask(client, url('/good'))), 'AddressRefused');
  t.is(await failure(ask(client, url('/good', '127.0.0.7'))), 'AddressRefused');
  t.like(await ask(outbound({ refused: async () => ['127.0.0.7'] }), url('/good')), { status: 200 });
});

test('denied: everything, while it is not known what must not be reached', async (t) => {
  const client = outbound({ refused: () => Promise.reject(new Error('no answer')) });
  t.is(await failure(ask(client, t.context.url('/good'))), 'AddressRefused');
  t.is(await failure(ask(client, t.context.url('/good', '127.0.0.1'))), 'AddressRefused');
});

test('denied: a name with one good address and one that must not be reached', async (t) => {
  for (const answer of [
    ['127.0.0.1', '10.0.0.1', '169.254.169.254'],
    ['169.254.169.254', '127.0.0.1'],
    ['127.0.0.1', 'elsewhere'],
  ]) {
    t.is(await failure(ask(outbound({ resolve: async () => answer }), t.context.url('/good'))), 'AddressRefused');
  }
});

test('denied: a name that leads elsewhere once it was judged', async (t) => {
  const { url, asked } = t.context;
  let asks = 0;
  // The second answer is what a resolver of an attacker says when it is asked again.
  const resolve = async (): Promise<readonly string[]> => (asks++ === 0 ? ['127.0.0.2'] : ['127.0.0.3']);
  const client = outbound({ allowed: ['127.0.0.2/32'], resolve });
  t.like(await ask(client, url('/good?first')), { status: 200 });
  t.is(asks, 1, 'a name is asked for once for each connection');
  t.is(asked.find(({ path }) => path === '/good?first')?.at, '127.0.0.2', 'what was judged is what was connected to');
  t.is(await failure(ask(client, url('/good?second'))), 'AddressRefused');
  t.false(asked.some(({ path }) => path === '/good?second'));
});

test('denied: a redirect to the same name, which leads elsewhere by then', async (t) => {
  const { url, asked } = t.context;
  let asks = 0;
  const resolve = async (): Promise<readonly string[]> => (asks++ === 0 ? ['127.0.0.2'] : ['127.0.0.3']);
  const request = ask(outbound({ allowed: ['127.0.0.2/32'], resolve }), url('/moved?rebound'), { redirects: 1 });
  t.is(await failure(request), 'AddressRefused');
  t.deepEqual(
    asked.filter(({ path }) => path === '/moved?rebound').map(({ at }) => at),
    ['127.0.0.2'],
  );
});

test('a name without an address, or that nobody knows, is unreachable', async (t) => {
  t.is(await failure(ask(outbound({ resolve: async () => [] }), t.context.url('/good'))), 'Unreachable');
  const unknown = outbound({ resolve: () => Promise.reject(new Error('ENOTFOUND')) });
  t.is(await failure(ask(unknown, t.context.url('/good'))), 'Unreachable');
  t.is(await failure(ask(outbound(), new URL('http://127.0.0.1:1/'))), 'Unreachable');
});

test('a caller who gives up is done at once', async (t) => {
  const { url } = t.context;
  const given = new AbortController();
  const request = failure(ask(outbound(), url('/silent?given-up'), { signal: given.signal }));
  await reached(t.context, '/silent?given-up');
  given.abort();
  t.is(await request, 'Aborted');
  t.is(await failure(ask(outbound(), url('/good'), { signal: AbortSignal.abort() })), 'Aborted');
});

test('so many are asked at once, the others in turn; who gives up makes room', async (t) => {
  const waiting: ServerResponse[] = [];
  const arrived: string[] = [];
  const slow = createServer((request, response) => {
    arrived.push(request.url ?? '');
    waiting.push(response);
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  t.teardown(() => slow.close());
  const base = `http://service.test:${(slow.address() as AddressInfo).port}`;
  const client = outbound({ concurrency: 2 });
  const given = new AbortController();
  const first = ask(client, new URL('/1', base));
  const second = failure(ask(client, new URL('/2', base)));
  const third = failure(ask(client, new URL('/3', base), { signal: given.signal }));
  const fourth = ask(client, new URL('/4', base));
  while (arrived.length < 2) await once(slow, 'request');
  given.abort();
  t.is(await third, 'Aborted');
  t.is(arrived.length, 2, 'neither the third nor the fourth was asked');
  for (const response of waiting) response.end();
  await first;
  await second;
  while (arrived.length < 3) await once(slow, 'request');
  waiting.at(-1)?.end();
  t.like(await fourth, { status: 200 });
  t.deepEqual([...arrived].sort(), ['/1', '/2', '/4']);
});
