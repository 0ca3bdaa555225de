import { keyOf, parseKey } from '../../kube/index.ts';
import type { Clock, Logger } from '../../kube/index.ts';
import { gaugeQueue, queueObserver } from '../metrics/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { Workqueue } from '../queue/index.ts';
import type { RateLimiterOptions } from '../queue/index.ts';
import { attempt } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Reconcile, Request } from './types.ts';
import type { Watch } from './watches.ts';

export interface ControllerOptions {
  /** Lower case, unique in the process: names logs and metrics. */
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly watches: readonly Watch[];
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  readonly clock: Clock;
  /** Default 1. */
  readonly maxConcurrentReconciles?: number | undefined;
  readonly rateLimit?: RateLimiterOptions | undefined;
}

/**
 * Calls a reconcile for every object that its watches name: never twice at once for the same one, again after failures,
 * after changes and when asked to come back.
 *
 * @example
 * new Controller({
 *   name: 'widgets',
 *   watches: [watchFor(widgets, generationChanged), watchMapped(deployments, widgetsOf)],
 *   reconcile: async ({ namespace, name }, signal) => ({ requeueAfter: 60_000 }),
 *   logger,
 *   clock,
 * });
 */
export class Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #queue: Workqueue;
  readonly #workers: number;

  constructor(options: ControllerOptions) {
    const { name, metrics, clock } = options;
    this.name = name;
    this.#options = options;
    this.#workers = options.maxConcurrentReconciles ?? 1;
    this.#queue = new Workqueue({
      clock,
      rateLimit: options.rateLimit,
      observer: metrics === undefined ? undefined : queueObserver(metrics, name),
    });
    if (metrics !== undefined) gaugeQueue(metrics, name, this.#queue, clock);
    metrics?.maxConcurrent.set({ controller: name }, this.#workers);
    metrics?.activeWorkers.set({ controller: name }, 0);
  }

  /** Nothing waits and nothing is in work; delayed requests do not count. */
  get idle(): boolean {
    return this.#queue.depth === 0 && this.#queue.processing.size === 0;
  }

  /** Asks for a reconcile from outside the watches. @param delay milliseconds, default none */
  enqueue(request: Request, delay = 0): void {
    this.#queue.addAfter(keyOf(request), delay);
  }

  /** Works until `signal` aborts and the reconciles under way are through. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { watches, logger } = this.#options;
    const disconnect = watches.map((watch) =>
      watch.connect((request, priority) => this.#queue.add(keyOf(request), priority)),
    );
    const stop = (): void => this.#queue.shutDown();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await Promise.all(watches.map(({ informer }) => informer.whenSynced(signal)));
      logger.info({ controller: this.name, workers: this.#workers }, 'controller started');
      await Promise.all(Array.from({ length: this.#workers }, () => this.#work(signal)));
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      for (const each of disconnect) each();
      stop();
      signal.removeEventListener('abort', stop);
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let key = await this.#queue.get(); key !== undefined; key = await this.#queue.get()) {
      await this.#reconcile(key, signal);
    }
  }

  async #reconcile(key: string, stop: AbortSignal): Promise<void> {
    const { reconcile, metrics, clock } = this.#options;
    const controller = { controller: this.name };
    // A signal of its own: listeners that a reconcile leaves behind go with it, not with the process.
    const own = new AbortController();
    const abort = (): void => own.abort(stop.reason);
    stop.addEventListener('abort', abort, { once: true });
    metrics?.activeWorkers.inc(controller);
    const started = clock.monotonic();
    const outcome = await attempt(reconcile, parseKey(key), own.signal);
    stop.removeEventListener('abort', abort);
    metrics?.reconcileTime.observe(controller, (clock.monotonic() - started) / 1000);
    metrics?.activeWorkers.dec(controller);
    this.#settle(key, outcome);
    this.#queue.done(key);
  }

  #settle(key: string, outcome: Outcome): void {
    const { metrics, logger, clock } = this.#options;
    const controller = this.name;
    switch (outcome.kind) {
      case 'success':
        this.#queue.forget(key);
        metrics?.reconciles.inc({ controller, result: 'success' });
        return;
      case 'requeueAfter':
        this.#queue.forget(key);
        this.#queue.addAfter(key, delayLeft(outcome, clock.now()));
        metrics?.reconciles.inc({ controller, result: 'requeue_after' });
        return;
      case 'terminal':
        this.#queue.forget(key);
        metrics?.terminalErrors.inc({ controller });
        metrics?.reconcileErrors.inc({ controller });
        metrics?.reconciles.inc({ controller, result: 'error' });
        logger.error(
          { controller, object: key, err: outcome.error },
          'reconcile failed for good, waiting for a change',
        );
        return;
      case 'error':
        this.#queue.addRateLimited(key);
        if (outcome.panic) metrics?.panics.inc({ controller });
        metrics?.reconcileErrors.inc({ controller });
        metrics?.reconciles.inc({ controller, result: 'error' });
        logger.error(
          { controller, object: key, err: outcome.error, retries: this.#queue.retries(key) },
          'reconcile failed',
        );
        return;
      case 'aborted':
        return;
    }
  }
}

/** Milliseconds: a look that took longer than its interval is not followed by the next one without a pause. */
const SHORTEST = 50;

/** A clock that is set back makes nobody wait longer. */
function delayLeft({ delay, since = Infinity }: Extract<Outcome, { kind: 'requeueAfter' }>, now: number): number {
  return Math.max(delay - Math.max(0, now - since), Math.min(delay, SHORTEST));
}
