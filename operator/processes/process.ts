import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { serviceAccounts } from '../api/index.ts';
import { KubeClient, loadConfig, Recorder, systemClock } from '../kube/index.ts';
import type { Client, Clock, ClusterConfig, EventRecorder, Logger, Random } from '../kube/index.ts';
import { createLogger, Manager, memoryRelease, Metrics, type ListenAddress } from '../runtime/index.ts';
import type { ProcessOptions, RunningProcess } from './options.ts';

/** What a process takes from the machine unless it is given; tests give it. */
export interface Overrides {
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** What stands between the process and its client, which is closed by the process all the same. */
  readonly client?: ((client: Client) => Client) | undefined;
  /** Ends the process as its `stop` does, also while it starts. */
  readonly signal?: AbortSignal | undefined;
}

/** What both processes have, before either adds what it is for. */
export interface Parts {
  readonly options: ProcessOptions;
  /** The process's name: of its account, its lease, its events and its log. */
  readonly name: string;
  readonly config: ClusterConfig;
  readonly client: Client;
  readonly manager: Manager;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** Put away last, in the opposite order, after the manager has ended. */
  readonly closing: AsyncDisposableStack;
  /** Aborts when the process is to end while it starts. */
  readonly signal: AbortSignal;
}

/** Adds controllers to the manager. @returns where it serves pages for people, if it does */
export type Furnish = (parts: Parts) => Promise<ListenAddress | undefined>;

/**
 * Starts a process: client, caches, events, health, lease; `furnish` adds the controllers.
 *
 * It ends in this order, on a signal, on {@link RunningProcess.stop} and after a lost lease alike: workers drain, events
 * are flushed, caches and health stop, the lease is released, what `furnish` opened is closed, the client is closed.
 *
 * @returns once it serves health; caches fill in the background, `/readyz` says when
 * @throws when there is no cluster to talk to or a port is taken; everything opened until then is closed
 */
export async function startProcess(
  which: keyof typeof serviceAccounts,
  options: ProcessOptions,
  furnish: Furnish,
  {
    clock = systemClock,
    random = Math.random,
    client: between = (client) => client,
    signal = new AbortController().signal,
  }: Overrides = {},
): Promise<RunningProcess> {
  const name = serviceAccounts[which];
  const logger = createLogger({ level: options.logLevel, name });
  const metrics = new Metrics();
  metrics.collectProcess();
  await using started = new AsyncDisposableStack();
  const config = await loadConfig({ kubeconfig: options.kubeconfig, clock });
  const direct = new KubeClient(config, { clock, random, userAgent: name, onRequest: metrics.countRequest });
  started.defer(() => direct.close());
  const client = between(direct);
  const instance = hostname();
  const events = new Recorder({ client, clock, controller: `twinlock.dev/${which}`, instance, logger });
  const { namespace, health, leaderElect } = options;
  const manager = new Manager({
    client,
    logger,
    clock,
    random,
    metrics,
    health,
    leaderElection: leaderElect ? { namespace, name, identity: `${instance}_${randomUUID()}` } : undefined,
    drained: () => events.flush(),
  });
  const closing = started.use(new AsyncDisposableStack());
  try {
    const parts = { options, name, config, client, manager, metrics, events, logger, clock, random, closing, signal };
    const http = await furnish(parts);
    signal.throwIfAborted();
    manager.add(memoryRelease(clock), { leaderOnly: false });
    const running = await manager.start();
    return runningProcess(running, started.move(), { http, health: running.health ?? health, logger, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    logger.info({ signal: signal.reason }, 'stopped while it started');
    return { health, done: Promise.resolve(), stop: () => Promise.resolve() };
  }
}

interface Ending {
  readonly http: ListenAddress | undefined;
  readonly health: ListenAddress;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

function runningProcess(
  running: { readonly done: Promise<void>; stop(): Promise<void> },
  opened: AsyncDisposableStack,
  { http, health, logger, signal }: Ending,
): RunningProcess {
  const done = running.done.finally(() => opened.disposeAsync());
  // Whoever never asks for `done` must not crash the process with an unhandled rejection; whoever asks still gets it.
  const ended = done.catch(() => undefined);
  const stop = async (): Promise<void> => {
    await running.stop();
    await ended;
  };
  const onSignal = (): void => {
    logger.info({ signal: signal.reason }, 'stopping');
    void stop();
  };
  if (signal.aborted) onSignal();
  else signal.addEventListener('abort', onSignal, { once: true });
  return { http, health, done, stop };
}
