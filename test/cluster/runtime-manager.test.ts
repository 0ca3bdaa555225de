import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ConfigMap, Lease, systemClock } from '../../operator/kube/index.ts';
import { LeadershipLostError, Manager } from '../../operator/runtime/index.ts';
import type { Runnable, RunningManager } from '../../operator/runtime/index.ts';
import { sharedApi, waitFor } from '../harness/index.ts';
import { stage } from '../stage/runtime.ts';
import type { Stage } from '../stage/runtime.ts';

/** Seconds instead of tens of seconds; the proportions are the real ones. */
const timing = { leaseDuration: 3_000, renewDeadline: 2_000, retryPeriod: 400 };

interface Process {
  readonly manager: Manager;
  readonly running: RunningManager;
}

async function start(
  t: ExecutionContext,
  setting: Stage,
  identity: string,
  runnables: readonly Runnable[],
): Promise<Process> {
  const { client, namespace, logger } = setting;
  const manager = new Manager({
    client,
    clock: systemClock,
    logger,
    health: { host: '127.0.0.1', port: 0 },
    leaderElection: { namespace, name: 'leader', identity, ...timing },
  });
  manager.cache.informer(ConfigMap, { namespace });
  for (const runnable of runnables) manager.add(runnable);
  const running = await manager.start();
  t.teardown(() => running.stop());
  return { manager, running };
}

/** Writes down when it runs. */
function diary(name: string, story: string[]): Runnable {
  return {
    name,
    async run(signal) {
      story.push(`${name} starts`);
      if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      story.push(`${name} stops`);
    },
  };
}

async function ask({ running }: Process, path: string): Promise<{ status: number; text: string }> {
  const { host, port } = running.health ?? { host: '', port: 0 };
  const answer = await fetch(`http://${host}:${port}${path}`);
  return { status: answer.status, text: await answer.text() };
}

test('of two managers one leads, and the other follows at once when the first stops', async (t) => {
  const setting = await stage(t, await sharedApi());
  const { admin, namespace } = setting;
  const story: string[] = [];
  const first = await start(t, setting, 'first', [diary('first', story)]);
  await waitFor('the first to lead', () => story.includes('first starts'));
  const second = await start(t, setting, 'second', [diary('second', story)]);
  await waitFor('the second to be ready', async () => (await ask(second, '/readyz')).status === 200);
  t.regex((await ask(first, '/metrics')).text, /leader_election_master_status\{name="leader"\} 1/);
  t.regex((await ask(second, '/metrics')).text, /leader_election_master_status\{name="leader"\} 0/);
  const stopped = performance.now();
  await first.running.stop();
  await waitFor('the second to lead', () => story.includes('second starts'));
  t.true(performance.now() - stopped < timing.leaseDuration, 'it did not wait for the lease to expire');
  t.deepEqual(story, ['first starts', 'first stops', 'second starts']);
  const { spec } = await admin.get(Lease, { namespace, name: 'leader' });
  t.like(spec, { holderIdentity: 'second', leaseDurationSeconds: 3 });
});

test('a leader that died is followed when its lease has run out', async (t) => {
  const setting = await stage(t, await sharedApi());
  const { admin, namespace } = setting;
  const long = new Date(Date.now() - 3_600_000).toISOString().replace('Z', '000Z');
  // Renewed an hour ago by its own clock: only the time since it was seen counts.
  const spec = {
    holderIdentity: 'dead',
    leaseDurationSeconds: 2,
    renewTime: long,
    acquireTime: long,
    leaseTransitions: 4,
  };
  await admin.create(Lease, {
    apiVersion: Lease.apiVersion,
    kind: Lease.kind,
    metadata: { namespace, name: 'leader' },
    spec,
  });
  const story: string[] = [];
  const began = performance.now();
  await start(t, setting, 'next', [diary('next', story)]);
  await waitFor('the next to lead', () => story.length > 0);
  t.true(performance.now() - began >= 2_000);
  t.is((await admin.get(Lease, { namespace, name: 'leader' })).spec?.leaseTransitions, 5);
});

test('a leader whose lease is taken stops everything and ends with an error', async (t) => {
  const setting = await stage(t, await sharedApi());
  const { admin, namespace } = setting;
  const story: string[] = [];
  const { running } = await start(t, setting, 'me', [diary('me', story)]);
  await waitFor('me to lead', () => story.length > 0);
  await admin.patch(
    Lease,
    { namespace, name: 'leader' },
    { type: 'merge', body: { spec: { holderIdentity: 'thief' } } },
  );
  await t.throwsAsync(running.done, { instanceOf: LeadershipLostError });
  t.deepEqual(story, ['me starts', 'me stops']);
  t.is((await admin.get(Lease, { namespace, name: 'leader' })).spec?.holderIdentity, 'thief', 'nothing was released');
});

test('a leader that cannot reach the API server stops before its lease runs out', async (t) => {
  const setting = await stage(t, await sharedApi());
  const { proxy, admin, namespace } = setting;
  const story: string[] = [];
  const { running } = await start(t, setting, 'me', [diary('me', story)]);
  await waitFor('me to lead', () => story.length > 0);
  proxy.script = ({ path }) => (path.includes('/leases') ? 'hang' : undefined);
  await t.throwsAsync(running.done, { instanceOf: LeadershipLostError });
  const { spec } = await admin.get(Lease, { namespace, name: 'leader' });
  const expires = Date.parse(String(spec?.renewTime)) + timing.leaseDuration;
  t.true(Date.now() < expires + 500, 'stopped in time');
  t.deepEqual(story, ['me starts', 'me stops']);
});

test('what is not for leaders only runs everywhere, and a manager is ready when its caches are', async (t) => {
  const setting = await stage(t, await sharedApi());
  const { client, proxy, namespace, logger } = setting;
  proxy.script = ({ query }) => (query.has('watch') ? { status: 503 } : undefined);
  const story: string[] = [];
  const manager = new Manager({ client, clock: systemClock, logger, health: { host: '127.0.0.1', port: 0 } });
  manager.cache.informer(ConfigMap, { namespace });
  manager.add(diary('everywhere', story), { leaderOnly: false });
  manager.addHealthCheck('mine', () => Promise.reject(new Error('it is broken')));
  const running = await manager.start();
  t.teardown(() => running.stop());
  const process = { manager, running };
  t.deepEqual(await ask(process, '/readyz'), { status: 503, text: '[-] caches: waiting for configmaps\n' });
  t.deepEqual(await ask(process, '/healthz'), { status: 503, text: '[+] ping ok\n[-] mine: it is broken\n' });
  t.is((await ask(process, '/other')).status, 404);
  t.deepEqual(story, []);
  proxy.script = () => undefined;
  await waitFor('readiness', async () => (await ask(process, '/readyz')).status === 200);
  await waitFor('the runnable', () => story.length === 1);
  await running.stop();
  t.deepEqual(story, ['everywhere starts', 'everywhere stops']);
  await t.notThrowsAsync(running.done);
  await t.throwsAsync(ask(process, '/healthz'));
});

test('a runnable that fails ends the process with its error, after the others have stopped', async (t) => {
  const setting = await stage(t, await sharedApi());
  const story: string[] = [];
  const broken: Runnable = { name: 'broken', run: () => Promise.reject(new Error('it broke')) };
  const { running } = await start(t, setting, 'me', [diary('other', story), broken]);
  await t.throwsAsync(running.done, { message: 'it broke' });
  t.deepEqual(story, ['other starts', 'other stops']);
});

test('a runnable that does not stop is left behind, and the lease is not given away under it', async (t) => {
  const setting = await stage(t, await sharedApi());
  const { admin, client, namespace, logger } = setting;
  const leaderElection = { namespace, name: 'leader', identity: 'me', ...timing };
  const manager = new Manager({ client, clock: systemClock, logger, leaderElection, gracePeriod: 300 });
  let runs = false;
  manager.add({
    name: 'deaf',
    run: () => {
      runs = true;
      return new Promise(() => undefined);
    },
  });
  const running = await manager.start();
  await waitFor('the runnable', () => runs);
  await running.stop();
  t.is((await admin.get(Lease, { namespace, name: 'leader' })).spec?.holderIdentity, 'me');
});
