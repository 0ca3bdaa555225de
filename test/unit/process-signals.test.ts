import test from 'ava';
import type { ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { firstSignal } from '../../operator/processes/signals.ts';
import { EmptyApiServer } from '../fixtures/empty-apiserver.ts';
import { waitFor } from '../harness/wait.ts';

const program = new URL('../../operator/processes/main.ts', import.meta.url).pathname;
const processes = ['environments', 'promotions'] as const;

interface Child {
  readonly server: EmptyApiServer;
  kill(signal: NodeJS.Signals): void;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

async function run(t: ExecutionContext, which: string, server: EmptyApiServer): Promise<Child> {
  const { path, remove } = await server.kubeconfig();
  const child = spawn(
    process.execPath,
    [
      program,
      which,
      `--kubeconfig=${path}`,
      '--http-address=127.0.0.1:0',
      '--health-address=127.0.0.1:0',
      '--log-level=fatal',
      '--leader-elect',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  t.teardown(async () => {
    child.kill('SIGKILL');
    await server.stop();
    await remove();
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal)),
  );
  return { server, kill: (signal) => void child.kill(signal), ended };
}

for (const which of processes) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test.serial(`${which}: ${signal} ends a leader well, its lease given back`, async (t) => {
      const child = await run(t, which, await EmptyApiServer.start());
      await waitFor('it leads', () => (child.server.holder(`twinlock-${which}`) ?? '') !== '');
      child.kill(signal);
      t.is(await child.ended, 0);
      t.is(child.server.holder(`twinlock-${which}`), '');
    });
  }

  test.serial(`${which}: a second signal ends it at once, whatever the first one waits for`, async (t) => {
    const child = await run(t, which, await EmptyApiServer.start());
    await waitFor('it leads', () => (child.server.holder(`twinlock-${which}`) ?? '') !== '');
    const waits = Promise.withResolvers<void>();
    child.server.hangs = ({ method, path }) => {
      if (method === 'PUT' && path.includes('/leases/')) waits.resolve();
      return path.includes('/leases/');
    };
    child.kill('SIGTERM');
    await waits.promise;
    child.kill('SIGINT');
    t.is(await child.ended, 130);
  });
}

test.serial('a signal that comes while the process starts ends it well', async (t) => {
  const server = await EmptyApiServer.start();
  const starts = Promise.withResolvers<void>();
  server.hangs = () => {
    starts.resolve();
    return true;
  };
  const child = await run(t, 'promotions', server);
  await starts.promise;
  child.kill('SIGTERM');
  t.is(await child.ended, 0);
  t.is(server.holder('twinlock-promotions'), undefined);
});

test('the first signal is a reason to stop, the second leaves at once with its number', (t) => {
  const handlers = new Map<string, (signal: NodeJS.Signals) => void>();
  const exits: number[] = [];
  const signal = firstSignal({
    on: (name, handler) => handlers.set(name, handler),
    exit: (code) => exits.push(code),
  });
  t.deepEqual([...handlers.keys()], ['SIGTERM', 'SIGINT']);
  t.false(signal.aborted);
  handlers.get('SIGTERM')?.('SIGTERM');
  t.is(signal.reason, 'SIGTERM');
  t.deepEqual(exits, []);
  handlers.get('SIGINT')?.('SIGINT');
  handlers.get('SIGTERM')?.('SIGTERM');
  t.deepEqual(exits, [130, 143]);
});
