import anyTest, { type TestFn } from 'ava';
import { createHash } from 'node:crypto';
import { createServer, request, type IncomingMessage } from 'node:http';
import { connect, createServer as createHTTP2, type ClientHttp2Session } from 'node:http2';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { freePorts, tools, waitFor } from '../harness/index.ts';
import {
  get,
  home,
  listening,
  openBoundary,
  openFrontDoor,
  portOf,
  startProgram,
  upstream,
  type Running,
} from '../stage/boundary.ts';

/** The boundary by itself, and behind the front door; each has to let through what the other does. */
const test = anyTest as TestFn<{
  readonly boundary: number;
  readonly door: number;
  readonly arrived: { first: boolean };
  readonly stop: () => Promise<void>;
}>;

/** RFC 6455's own. */
const WEBSOCKET = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

test.before(async (t) => {
  const arrived = { first: false };
  const web = await listening(createServer());
  web.on('upgrade', ({ headers }, socket) => {
    const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${WEBSOCKET}`).digest('base64');
    const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade}`;
    socket.write(`${head}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.pipe(socket);
  });
  const events = new Set<() => void>();
  web.on('request', (asked, response) => {
    if (asked.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: first\n\n');
      events.add(() => response.end('data: last\n\n'));
    } else if (asked.url === '/next') {
      for (const end of events) end();
      response.end();
    } else {
      const hash = createHash('sha256');
      asked.on('data', (chunk: Buffer) => {
        arrived.first = true;
        hash.update(chunk);
      });
      asked.on('end', () => response.end(hash.digest('hex')));
    }
  });

  const streams = await listening(createHTTP2());
  streams.on('stream', (stream, { ':path': path = '' }) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', path }, { waitForTrailers: true });
    stream.on('data', (chunk: Buffer) => stream.write(`heard ${chunk.toString()}`));
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.on('end', () => stream.end());
  });

  const [client = 0, peer = 0] = await freePorts(2);
  const folder = await mkdtemp(join(tmpdir(), 'twinlock-etcd-'));
  const etcd = await startProgram(await tools.cluster(), [
    'etcd',
    `--data-dir=${folder}`,
    `--listen-client-urls=http://127.0.0.1:${client}`,
    `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
  ]);
  await waitFor('etcd is healthy', () =>
    get(client, 'x', '/health').then(
      ({ status }) => status === 200,
      () => false,
    ),
  );

  const boundary = await openBoundary(
    {
      workloads: [upstream('web', 8080)],
      twinsByHost: [upstream('streams', 1, { h2c: true }), upstream('etcd', 2, { h2c: true, adminPaths: ['/admin'] })],
      twinsByPath: [upstream('streams', 1, { h2c: true })],
    },
    { 'web:8080': portOf(web), 'streams:1': portOf(streams), 'etcd:2': client },
  );
  const door: Running = await openFrontDoor(`127.0.0.1:${boundary.port}`);
  t.context = {
    boundary: boundary.port,
    door: door.port,
    arrived,
    stop: async () => {
      await door.stop();
      await boundary.stop();
      await etcd.stop();
      web.close();
      streams.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
test.after.always((t) => t.context.stop?.());

for (const through of ['boundary', 'door'] as const) {
  test(`${through}: gRPC of a real server passes, trailers and all`, async (t) => {
    const answer = await call(t.context[through], `etcd--${home}`, '/etcdserverpb.Maintenance/Status', Buffer.alloc(5));
    t.is(answer.status, 200);
    t.is(answer.trailers['grpc-status'], '0', JSON.stringify(answer));
    t.true(answer.body.length > 5);
  });

  test(`${through}: a stream of HTTP/2 goes both ways at once`, async (t) => {
    const session = connect(`http://127.0.0.1:${t.context[through]}`);
    const stream = session.request(
      { ':method': 'POST', ':authority': home, ':path': '/twins/streams/a.B/C', te: 'trailers' },
      { endStream: false },
    );
    const said: string[] = [];
    stream.setEncoding('utf8').on('data', (text: string) => said.push(text));
    const headers = new Promise<string>((resolve) => stream.once('response', ({ path }) => resolve(String(path))));
    for (const word of ['one', 'two', 'three']) {
      stream.write(word);
      await waitFor(`the twin has answered ${word}`, () => said.join('').endsWith(`heard ${word}`));
    }
    t.is(await headers, '/a.B/C');
    const trailers = new Promise((resolve) => stream.once('trailers', resolve));
    stream.end();
    t.like(await trailers, { 'grpc-status': '0' });
    session.destroy();
  });

  test(`${through}: HTTP/1 clients reach what speaks HTTP/2 only`, async (t) => {
    t.is((await get(t.context[through], `streams--${home}`, '/x')).headers['path'], '/x');
  });

  test(`${through}: a WebSocket passes`, async (t) => {
    const headers = {
      host: home,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const [answer, socket] = await new Promise<readonly [IncomingMessage, Duplex]>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: t.context[through], path: '/', headers });
      sent.once('upgrade', (response, tunnel) => resolve([response, tunnel]));
      sent.once('response', ({ statusCode }) => reject(new Error(`answered ${statusCode}`)));
      sent.once('error', reject).end();
    });
    t.is(answer.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    let heard = '';
    socket.setEncoding('utf8').on('data', (text: string) => (heard += text));
    for (const word of ['one', 'two']) {
      socket.write(word);
      await waitFor(`the echo of ${word}`, () => heard.endsWith(word));
    }
    socket.destroy();
  });

  test.serial(`${through}: server-sent events arrive when they are sent`, async (t) => {
    const got = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { host: home, accept: 'text/event-stream', 'accept-encoding': 'gzip' };
      request({ host: '127.0.0.1', port: t.context[through], path: '/events', headers }, resolve)
        .once('error', reject)
        .end();
    });
    let text = '';
    got.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await waitFor('the first event', () => text === 'data: first\n\n');
    await get(t.context[through], home, '/next');
    await waitFor('the last event', () => text.endsWith('data: last\n\n'));
    t.is(text, 'data: first\n\ndata: last\n\n');
  });

  test.serial(`${through}: an upload of 100 MiB streams to the app`, async (t) => {
    t.timeout(120_000);
    t.context.arrived.first = false;
    const piece = Buffer.alloc(1024 * 1024, 'a');
    const hash = createHash('sha256');
    const sent = request({
      host: '127.0.0.1',
      port: t.context[through],
      path: '/',
      method: 'PUT',
      headers: { host: home },
    });
    const answer = new Promise<string>((resolve, reject) => {
      sent.once('error', reject).once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(text));
      });
    });
    for (let count = 0; count < 100; count += 1) {
      hash.update(piece);
      if (!sent.write(piece)) await new Promise((resolve) => sent.once('drain', resolve));
      if (count === 0) await waitFor('its start arrives before its end is sent', () => t.context.arrived.first);
    }
    sent.end();
    t.is(await answer, hash.digest('hex'));
  });
}

interface Called {
  readonly status: number;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** One gRPC call with one message. */
async function call(port: number, authority: string, path: string, message: Buffer): Promise<Called> {
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${port}`);
  try {
    return await new Promise<Called>((resolve, reject) => {
      const stream = session.request({
        ':method': 'POST',
        ':authority': authority,
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      const body: Buffer[] = [];
      let status = 0;
      let trailers = {};
      stream.on('response', (headers) => (status = Number(headers[':status'])));
      stream.on('trailers', (headers) => (trailers = headers));
      stream.on('data', (chunk: Buffer) => body.push(chunk));
      stream.on('close', () => resolve({ status, trailers, body: Buffer.concat(body) }));
      stream.once('error', reject);
      stream.end(message);
    });
  } finally {
    session.destroy();
  }
}
