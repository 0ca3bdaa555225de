import anyTest, { type TestFn } from 'ava';
import { request } from 'node:http';
import { connect } from 'node:net';
import { freePorts } from '../harness/index.ts';
import { echo, get, home, openBoundary, portOf, upstream, type Got, type Running } from '../stage/boundary.ts';

const test = anyTest as TestFn<Running>;

test.before(async (t) => {
  const web = await echo('web');
  const [closed = 0] = await freePorts(1);
  const boundary = await openBoundary(
    { workloads: [upstream('web', 8080), upstream('down', 9090)], maxBody: 1024 },
    { 'web:8080': portOf(web), 'down:9090': closed },
  );
  t.context = {
    port: boundary.port,
    stop: async () => {
      await boundary.stop();
      web.close();
    },
  };
});
test.after.always((t) => t.context.stop?.());

test('a body larger than the class allows gets 413, announced or not', async (t) => {
  const { port } = t.context;
  t.is((await get(port, home, '/', { method: 'POST', body: 'a'.repeat(1024) })).status, 200);
  const body = 'a'.repeat(1025);
  const announced = await get(port, home, '/', { method: 'POST', body, headers: { 'content-length': 1025 } });
  t.is(announced.status, 413);
  t.regex(announced.body, /exposure\.maxBodySize/);
  const streamed = await new Promise<Got>((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path: '/', method: 'POST', headers: { host: home } },
      (response) => {
        response.resume();
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' }));
      },
    );
    sent.once('error', reject);
    sent.write(body);
    sent.end();
  });
  t.is(streamed.status, 413);
});

test('headers without an end are refused', async (t) => {
  const answer = await new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(t.context.port, '127.0.0.1', () => {
      socket.write(`GET / HTTP/1.1\r\nHost: ${home}\r\nX-Long: ${'a'.repeat(128 * 1024)}\r\n\r\n`);
    });
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.once('close', () => resolve(text)).once('error', reject);
  });
  t.regex(answer, /^HTTP\/1\.1 431 /);
});

test('what does not answer is said in words, and not indexed', async (t) => {
  const { status, body, headers } = await get(t.context.port, `down--${home}`, '/');
  t.is(status, 502);
  t.regex(body, /does not answer.*kubectl describe twinenvironment/);
  t.is(headers['x-robots-tag'], 'noindex, nofollow');
});
