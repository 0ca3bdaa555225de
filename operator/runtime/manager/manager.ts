import { setMaxListeners } from 'node:events';
import { Cache, sleep } from '../../kube/index.ts';
import type { Client, Clock, Logger, Random } from '../../kube/index.ts';
import { LeaderElector, LeaseLock } from '../election/index.ts';
import type { LeaderElectorOptions } from '../election/index.ts';
import { Metrics } from '../metrics/index.ts';
import { HealthServer } from './health-server.ts';
import type { Check, ListenAddress, Runnable, RunningManager } from './types.ts';

export interface ManagerOptions {
  readonly client: Client;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random?: Random | undefined;
  readonly metrics?: Metrics | undefined;
  /** Where health and metrics are served; left out: nowhere. */
  readonly health?: ListenAddress | undefined;
  /** Left out: this process leads without asking. */
  readonly leaderElection?:
    | ({ readonly namespace: string; readonly name: string; readonly identity: string } & Pick<
        LeaderElectorOptions,
        'leaseDuration' | 'renewDeadline' | 'retryPeriod'
      >)
    | undefined;
  /** Milliseconds that runnables get to stop. Default 30,000. */
  readonly gracePeriod?: number | undefined;
  /**
   * Sends what is still unsent. Called when runnables have stopped or their time is over, before the lease is released,
   * and after a lost one too. Given up after {@link FLUSH_PERIOD}: the API server may be what is gone.
   */
  readonly drained?: (() => Promise<void>) | undefined;
}

/** Milliseconds. */
const FLUSH_PERIOD = 5_000;

/**
 * The life of a process: HTTP first, then caches, then the lease, then what needs them; stopped in the opposite order,
 * the lease last, so that nothing writes after somebody else may lead.
 *
 * @example
 * const manager = new Manager({ client, logger, clock, health: { host: '0.0.0.0', port: 8081 } });
 * manager.add(new Controller({ name: 'widgets', watches: [watchFor(manager.cache.informer(Widget))], reconcile, logger, clock }));
 * const running = await manager.start();
 * await running.done;
 */
export class Manager {
  readonly cache: Cache;
  readonly metrics: Metrics;
  readonly #options: ManagerOptions;
  readonly #clock: Clock;
  readonly #server: HealthServer;
  readonly #runnables: { readonly runnable: Runnable; readonly leaderOnly: boolean }[] = [];

  constructor(options: ManagerOptions) {
    const { client, logger, clock, random = Math.random } = options;
    this.#options = options;
    this.#clock = clock;
    this.cache = new Cache({ client, clock, random, logger });
    this.metrics = options.metrics ?? new Metrics();
    this.#server = new HealthServer(this.metrics, clock);
    this.#server.addHealthCheck('ping', () => undefined);
    this.#server.addReadyCheck('caches', () => {
      const { unsynced } = this.cache;
      if (unsynced.length > 0) throw new Error(`waiting for ${unsynced.join(', ')}`);
    });
  }

  /** Adds something to run. `leaderOnly` (default): only while this process leads. Call before {@link start}. */
  add(runnable: Runnable, { leaderOnly = true }: { readonly leaderOnly?: boolean } = {}): void {
    this.#runnables.push({ runnable, leaderOnly });
  }

  addHealthCheck(name: string, check: Check): void {
    this.#server.addHealthCheck(name, check);
  }

  addReadyCheck(name: string, check: Check): void {
    this.#server.addReadyCheck(name, check);
  }

  /** Resolves once HTTP is up and everything else is on its way. Rejects when the health port is taken. */
  async start(): Promise<RunningManager> {
    const { health } = this.#options;
    const address = health === undefined ? undefined : await this.#server.listen(health);
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const done = this.#live(stop);
    // Whoever never asks for `done` must not crash the process with an unhandled rejection; whoever asks still gets it.
    const ended = done.catch(() => undefined);
    return {
      health: address,
      done,
      stop: async (): Promise<void> => {
        stop.abort();
        await ended;
      },
    };
  }

  async #live(stop: AbortController): Promise<void> {
    const stopCaches = new AbortController();
    const stopElection = new AbortController();
    const caches = this.cache.run(stopCaches.signal);
    const elector = this.#elector();
    const failure = new Failure(stop);
    const [everywhere, leading] = [false, true].map((leaderOnly) =>
      this.#runnables.filter((each) => each.leaderOnly === leaderOnly).map(({ runnable }) => runnable),
    );
    const started: Promise<void>[] = [];
    const run = (runnable: Runnable): void => void started.push(this.#run(runnable, stop.signal, failure));

    const ready = await settled(this.cache.whenSynced(stop.signal));
    if (ready) for (const runnable of everywhere ?? []) run(runnable);
    const leads = ready && (elector === undefined || (await elector.acquire(stop.signal)));
    const holding = leads && elector !== undefined ? failure.watch(elector.hold(stopElection.signal)) : undefined;
    if (leads && !stop.signal.aborted) {
      this.#setLeader(1);
      for (const runnable of leading ?? []) run(runnable);
    }
    await aborted(stop.signal);

    const inTime = await this.#within(Promise.all(started), this.#options.gracePeriod ?? 30_000);
    if (!inTime) this.#options.logger.error({}, 'runnables did not stop within the grace period');
    await this.#flush();
    stopCaches.abort();
    await caches;
    await this.#server.close();
    stopElection.abort();
    await holding;
    // Something may still be writing, or the lease is another's already: let it expire.
    if (inTime) await elector?.release();
    this.#setLeader(0);
    failure.throwIfAny();
  }

  async #run(runnable: Runnable, signal: AbortSignal, failure: Failure): Promise<void> {
    const { logger } = this.#options;
    logger.debug({ runnable: runnable.name }, 'starting');
    await failure.watch(runnable.run(signal));
    logger.debug({ runnable: runnable.name }, 'stopped');
  }

  async #flush(): Promise<void> {
    const { drained = (): Promise<void> => Promise.resolve(), logger } = this.#options;
    try {
      if (!(await this.#within(drained(), FLUSH_PERIOD))) logger.warn({}, 'not everything was sent in time');
    } catch (error) {
      logger.warn({ err: error }, 'not everything was sent');
    }
  }

  /** Is `work` through within `ms`? Rejects when it fails before. */
  async #within(work: Promise<unknown>, ms: number): Promise<boolean> {
    const enough = new AbortController();
    const late = sleep(this.#clock, ms, enough.signal).then(() => false);
    try {
      return await Promise.race([work.then(() => true), late]);
    } finally {
      enough.abort();
    }
  }

  #elector(): LeaderElector | undefined {
    const { leaderElection, client, logger, random = Math.random } = this.#options;
    if (leaderElection === undefined) return undefined;
    this.#setLeader(0);
    return new LeaderElector({
      ...leaderElection,
      lock: new LeaseLock(client, leaderElection),
      clock: this.#clock,
      random,
      logger,
    });
  }

  #setLeader(value: 0 | 1): void {
    const { leaderElection } = this.#options;
    if (leaderElection !== undefined) this.metrics.leader.set({ name: leaderElection.name }, value);
  }
}

/** The first failure stops everything and is what the process ends with. */
class Failure {
  readonly #stop: AbortController;
  #error: unknown;

  constructor(stop: AbortController) {
    this.#stop = stop;
  }

  async watch(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#error ??= error;
      this.#stop.abort();
    }
  }

  throwIfAny(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}

async function settled(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch {
    return false;
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
