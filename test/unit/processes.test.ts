import test from 'ava';
import type { ExecutionContext } from 'ava';
import { setImmediate } from 'node:timers/promises';
import { Namespace } from '../../operator/kube/index.ts';
import type { ProcessOptions } from '../../operator/processes/options.ts';
import { startProcess, type Furnish, type Overrides } from '../../operator/processes/process.ts';
import { LeadershipLostError } from '../../operator/runtime/index.ts';
import { EmptyApiServer } from '../fixtures/empty-apiserver.ts';
import { waitFor } from '../harness/wait.ts';
import { ManualClock } from '../stage/manual-clock.ts';

const free = { host: '127.0.0.1', port: 0 };
const processes = ['environments', 'promotions'] as const;

interface Scene {
  readonly server: EmptyApiServer;
  readonly clock: ManualClock;
  start(which: (typeof processes)[number], furnish: Furnish, overrides?: Overrides): ReturnType<typeof startProcess>;
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const server = await EmptyApiServer.start();
  const { path: kubeconfig, remove } = await server.kubeconfig();
  t.teardown(async () => {
    await server.stop();
    await remove();
  });
  const options: ProcessOptions = {
    kubeconfig,
    namespace: 'twinlock-system',
    http: free,
    health: free,
    logLevel: 'fatal',
    leaderElect: true,
    networkPoliciesEnforced: false,
  };
  const clock = new ManualClock();
  return {
    server,
    clock,
    start: (which, furnish, overrides) => startProcess(which, options, furnish, { clock, ...overrides }),
  };
}

/** A worker that still records something after it was told to stop. */
const recordsWhileItDrains: Furnish = async ({ manager, events }) => {
  manager.add({
    name: 'worker',
    run: async (signal) => {
      events.record(event('Started'));
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await setImmediate();
      events.record(event('Drained'));
    },
  });
  return undefined;
};

function event(reason: string): Parameters<Parameters<Furnish>[0]['events']['record']>[0] {
  const regarding = { apiVersion: 'v1', kind: Namespace.kind, metadata: { name: 'shop', uid: reason } };
  return { regarding, type: 'Normal', reason, action: 'Look', note: '' };
}

for (const which of processes) {
  const lease = `twinlock-${which}`;

  test(`${which}: what workers record while they drain is sent before the lease is given back`, async (t) => {
    const { server, start } = await scene(t);
    const running = await start(which, recordsWhileItDrains);
    await waitFor('it leads', () => server.events.includes('Started'));
    await running.stop();
    t.deepEqual(server.events, ['Started', 'Drained']);
    t.is(server.holder(lease), '');
    t.regex(server.asked.at(-1)?.path ?? '', /\/leases\//, 'the lease is the last thing written');
    await t.notThrowsAsync(running.done);
  });

  test(`${which}: after a lost lease too, and the other's lease is left alone`, async (t) => {
    const { server, clock, start } = await scene(t);
    const running = await start(which, recordsWhileItDrains);
    await waitFor('it leads', () => server.events.includes('Started'));
    server.take(lease);
    const lost = t.throwsAsync(running.done, { instanceOf: LeadershipLostError });
    await waitFor('it looks at its lease', () => {
      clock.advance(1000);
      return server.events.includes('Drained');
    });
    await lost;
    t.is(server.holder(lease), 'thief');
  });
}

test('events that cannot be sent do not hold up the end, nor keep the lease', async (t) => {
  const { server, clock, start } = await scene(t);
  const running = await start('promotions', recordsWhileItDrains);
  await waitFor('it leads', () => server.events.includes('Started'));
  server.hangs = ({ method, path }) => method === 'POST' && path.endsWith('/events');
  let ended = false;
  const stopped = running.stop().then(() => (ended = true));
  await waitFor('it has ended', () => {
    clock.advance(1000);
    return ended;
  });
  await stopped;
  t.is(server.holder('twinlock-promotions'), '');
});

test('a signal that comes during the start ends it: nothing is served, what was opened is closed', async (t) => {
  const { server, start } = await scene(t);
  const signal = new AbortController();
  let closed = false;
  const running = await start(
    'promotions',
    async ({ client, closing, signal: ending }) => {
      closing.defer(() => void (closed = true));
      server.hangs = () => {
        signal.abort('SIGTERM');
        return true;
      };
      await client.get(Namespace, { name: 'kube-system' }, { signal: ending });
      return undefined;
    },
    { signal: signal.signal },
  );
  await running.done;
  t.true(closed);
  t.is(server.holder('twinlock-promotions'), undefined);
});

test('a start that fails closes what it opened', async (t) => {
  const { start } = await scene(t);
  const closed: string[] = [];
  const failing = start('environments', ({ closing }) => {
    closing.defer(() => void closed.push('first'));
    closing.defer(() => void closed.push('second'));
    return Promise.reject(new Error('the port is taken'));
  });
  await t.throwsAsync(failing, { message: 'the port is taken' });
  t.deepEqual(closed, ['second', 'first']);
});

test('the clock that is given is the one of leases and events', async (t) => {
  const { server, clock, start } = await scene(t);
  const running = await start('environments', recordsWhileItDrains);
  await waitFor('it leads', () => server.events.includes('Started'));
  const day = new Date(clock.now()).toISOString();
  const written = server.asked.filter(({ method, path }) => method === 'POST' && /leases|events/.test(path));
  t.is(written.length, 2);
  for (const { body } of written) t.true(body.includes(day.slice(0, 19)), body);
  await running.stop();
});
