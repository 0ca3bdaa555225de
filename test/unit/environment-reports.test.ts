import anyTest, { type TestFn } from 'ava';
import { createServer, type RequestListener, type Server } from 'node:http';
import { systemClock } from '../../operator/kube/index.ts';
import {
  readReport,
  REPORT_INTERVAL_MS,
  reportFetcher,
  type FetchReport,
} from '../../operator/environments/gather/reports/index.ts';
import { Asked } from '../../operator/environments/gather/asked.ts';
import type { Report, ReportTarget } from '../../operator/environments/decide/wiring/index.ts';
import { OutboundClient } from '../../operator/outbound/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';

const test = anyTest as TestFn<{ server: Server; url: (path: string) => URL }>;
const never = new AbortController().signal;
const client = new OutboundClient({ clock: systemClock, refused: async () => [], allowed: ['127.0.0.1/32'] });

const routes: Readonly<Record<string, RequestListener>> = {
  '/good': (_, response) =>
    response.end('{"services": [{"name": "stripe", "mode": "twin", "url": "http://stripe:12111"}]}'),
  '/moved': (_, response) => response.writeHead(302, { location: '/good' }).end(),
  '/broken': (_, response) => response.writeHead(500).end('{"services": []}'),
  '/large': (_, response) => response.end(`{"services": [], "padding": "${'x'.repeat(100_000)}"}`),
  '/silent': () => undefined,
  '/html': (_, response) => response.end('<!doctype html>'),
};

test.before(async (t) => {
  const server = createServer((request, response) => routes[request.url ?? '']?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  t.context = { server, url: (path) => new URL(path, `http://127.0.0.1:${port}`) };
});
test.after.always((t) => {
  t.context.server.closeAllConnections();
  t.context.server.close();
});

const failures: readonly [path: string, failure: RegExp][] = [
  ['/moved', /answers 302/],
  ['/broken', /answers 500/],
  ['/large', /larger than 65536 bytes/],
  ['/silent', /longer than 2000 ms/],
  ['/html', /not JSON/],
];
for (const [path, failure] of failures) {
  test(`a report at ${path} is a failure that says so`, async (t) => {
    const report = await readReport(client, t.context.url(path), never);
    t.regex('failure' in report ? report.failure : '', failure);
  });
}

test('a report that answers is read', async (t) => {
  const report = await readReport(client, t.context.url('/good'), never);
  t.deepEqual('services' in report && [...report.services], [['stripe', { mode: 'twin', url: 'http://stripe:12111' }]]);
});

test('nobody who answers is a failure too', async (t) => {
  t.deepEqual(await readReport(client, new URL('http://127.0.0.1:1/'), never), {
    failure: 'the report cannot be reached',
  });
});

test('a report whose name leads to where it must not is a failure that says so', async (t) => {
  const asked: string[] = [];
  const resolve = async (name: string): Promise<readonly string[]> => {
    asked.push(name);
    return ['10.96.0.1'];
  };
  const fetch = reportFetcher(new OutboundClient({ clock: systemClock, refused: async () => ['10.96.0.1'], resolve }));
  const led = { namespace: 'pr-42', workload: 'web', port: 8080, path: '//elsewhere.test/services?x' };
  t.deepEqual(await fetch(led, never), { failure: 'the report cannot be reached: the name leads to the API server' });
  t.deepEqual(asked, ['web.pr-42.svc']);
});

test('a report without a name in DNS is a failure, never an error', async (t) => {
  const options = { clock: systemClock, refused: async () => [] };
  const fetch = reportFetcher(
    new OutboundClient({ ...options, resolve: () => Promise.reject(new Error('ENOTFOUND')) }),
  );
  const report = await fetch({ namespace: 'n', workload: 'web', port: 80, path: '/' }, never);
  t.deepEqual(report, { failure: 'the report cannot be reached' });
});

const target = { namespace: 'n', workload: 'web', port: 80, path: '/services' };
const empty: Report = { services: new Map() };

function poller(answers: (() => Promise<Report>)[]): {
  reports: Asked<ReportTarget, Report>;
  clock: ManualClock;
  changed: string[];
  asked: () => number;
} {
  const clock = new ManualClock();
  const changed: string[] = [];
  let asked = 0;
  const fetch: FetchReport = () => {
    asked++;
    return answers.shift()?.() ?? Promise.resolve(empty);
  };
  const reports = new Asked({
    ask: fetch,
    interval: REPORT_INTERVAL_MS,
    clock,
    signal: never,
    changed: (key) => changed.push(key),
  });
  return { reports, clock, changed, asked: () => asked };
}

/** Lets what is under way come to its end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** Asks where it is due, as a reconcile does. */
function look(reports: Asked<ReportTarget, Report>, ...pods: readonly string[]): Report {
  const { due, report } = reports.of('a/b', target, pods);
  if (due) reports.ask('a/b', target, pods);
  return report;
}

const pauseOf = (reports: Asked<ReportTarget, Report>): number => reports.of('a/b', target, ['1']).dueIn ?? Infinity;

test('a reconcile never waits for a report: it is pending first and tells when it is there', async (t) => {
  const { reports, changed } = poller([]);
  t.deepEqual(look(reports, '1'), { pending: true });
  t.false(reports.of('a/b', target, ['1']).due, 'it is under way');
  await settle();
  t.deepEqual(changed, ['a/b']);
  t.is(look(reports, '1'), empty);
});

test('reading asks nobody, and a report of pods that are gone is none', async (t) => {
  const { reports, clock, asked } = poller([]);
  look(reports, '1');
  await settle();
  clock.advance(60_000);
  t.like(reports.of('a/b', target, ['1']), { report: empty, due: true });
  await settle();
  t.is(asked(), 1);
  t.deepEqual(reports.of('a/b', target, ['2']).report, { pending: true });
});

test('without Ready pods nobody is asked, and nobody waits for an answer', async (t) => {
  const { reports, asked } = poller([]);
  t.like(reports.of('a/b', target, []), { report: { pending: true }, due: false, dueIn: undefined });
  look(reports);
  await settle();
  t.is(asked(), 0);
});

test('whoever is asked is not asked a second time meanwhile', async (t) => {
  const { reports, asked } = poller([]);
  reports.ask('a/b', target, ['1']);
  reports.ask('a/b', target, ['1']);
  await settle();
  t.is(asked(), 1);
});

test('a report is asked for again after a minute, a failed one after seconds, and other pods at once', async (t) => {
  const { reports, clock, asked } = poller([() => Promise.resolve({ failure: 'x' })]);
  const times = async (...pods: readonly string[]): Promise<number> => {
    look(reports, ...pods);
    await settle();
    return asked();
  };
  t.is(await times('1'), 1);
  t.is(await times('1'), 1);
  clock.advance(5000);
  t.is(await times('1'), 2);
  clock.advance(5000);
  t.is(await times('1'), 2);
  clock.advance(60_000);
  t.is(await times('1'), 3);
  t.is(await times('2'), 4);
});

test('failures that go on are asked about less and less often, never less than once a minute', async (t) => {
  const failing = Array.from({ length: 10 }, () => (): Promise<Report> => Promise.resolve({ failure: 'x' }));
  const { reports, clock } = poller(failing);
  const pauses: number[] = [];
  for (let turn = 0; turn < 9; turn++) {
    look(reports, '1');
    await settle();
    pauses.push(pauseOf(reports));
    clock.advance(pauseOf(reports));
  }
  t.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test('an unchanged report wakes nobody', async (t) => {
  const { reports, clock, changed } = poller([]);
  look(reports, '1');
  await settle();
  clock.advance(60_000);
  look(reports, '1');
  await settle();
  t.is(changed.length, 1);
});
