import type { Clock } from '../../kube/index.ts';
import { DelayedKeys } from './delayed.ts';
import type { Priority } from './delayed.ts';
import { FairKeys, namespaceOf } from './fair-keys.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { RateLimiterOptions } from './rate-limiter.ts';

/** Of so many keys taken in a row, one is low if there is one, so that a busy queue cannot starve its backlog. */
export const lowShare = 16;

interface Work {
  /** Monotonic milliseconds. */
  readonly since: number;
  readonly priority: Priority;
}

/** What a queue tells whoever measures it. Durations in seconds. */
export interface WorkqueueObserver {
  added(): void;
  retried(): void;
  /** A worker took a key after it had waited so long. */
  started(waited: number): void;
  finished(worked: number): void;
}

export interface WorkqueueOptions {
  readonly clock: Clock;
  readonly rateLimit?: RateLimiterOptions | undefined;
  readonly observer?: WorkqueueObserver | undefined;
  /** Groups take turns, so that none can keep the others waiting. Default: the namespace of a `namespace/name`. */
  readonly groupOf?: ((key: string) => string) | undefined;
}

/**
 * Keys that need work, each at most once. A key added while it waits is still there once; one added while it is being
 * worked on comes up again after {@link Workqueue.done}; no key is ever given to two workers. (client-go:
 * util/workqueue, with controller-runtime's low priority.) Within a priority groups take turns.
 */
export class Workqueue {
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  readonly #delayed: DelayedKeys;
  readonly #observer: WorkqueueObserver | undefined;
  /** Needs work: key to when it began to wait. */
  readonly #dirty = new Map<string, number>();
  readonly #processing = new Map<string, Work>();
  /** Dirty and not in work, in the order of turns. */
  readonly #normal: FairKeys;
  readonly #low: FairKeys;
  /** Dirty, in work, and low when it comes back. */
  readonly #lowAfter = new Set<string>();
  readonly #waiters: ((key: string | undefined) => void)[] = [];
  #idle: (() => void)[] = [];
  #stopped = false;
  #normalInARow = 0;

  constructor(options: WorkqueueOptions) {
    this.#clock = options.clock;
    this.#limiter = new RateLimiter(options.rateLimit);
    this.#delayed = new DelayedKeys(this.#clock, (key, priority) => this.add(key, priority));
    this.#observer = options.observer;
    const groupOf = options.groupOf ?? namespaceOf;
    this.#normal = new FairKeys(groupOf);
    this.#low = new FairKeys(groupOf);
  }

  /** Keys that wait for a worker now. */
  get depth(): number {
    return this.#normal.size + this.#low.size;
  }

  /** Keys that become ready later. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** Keys in work, and since when. */
  get processing(): ReadonlyMap<string, Work> {
    return this.#processing;
  }

  /** Nothing to add once the queue is shut down. A normal add lifts a key that waits at low priority. */
  add(key: string, priority: Priority = 'normal'): void {
    if (this.#stopped) return;
    if (this.#dirty.has(key)) {
      if (priority === 'normal') this.#lift(key);
      return;
    }
    this.#observer?.added();
    this.#dirty.set(key, this.#clock.monotonic());
    if (!this.#processing.has(key)) this.#enqueue(key, priority);
    else if (priority === 'low') this.#lowAfter.add(key);
  }

  /**
   * Adds the key after `delay` milliseconds; of several delays the shortest counts. A key in work keeps its priority: what
   * is put off from the backlog stays in the backlog.
   */
  addAfter(key: string, delay: number): void {
    if (this.#stopped) return;
    const priority = this.#processing.get(key)?.priority ?? 'normal';
    if (delay <= 0) this.add(key, priority);
    else this.#delayed.add(key, delay, priority);
  }

  /** Adds the key after a delay that grows with every call since {@link Workqueue.forget}. */
  addRateLimited(key: string): void {
    this.#observer?.retried();
    this.addAfter(key, this.#limiter.next(key));
  }

  forget(key: string): void {
    this.#limiter.forget(key);
  }

  /** How often the key was added rate-limited since it was forgotten. */
  retries(key: string): number {
    return this.#limiter.failures(key);
  }

  /** The next key, as soon as there is one; undefined once the queue is shut down. The caller owes a {@link done}. */
  get(): Promise<string | undefined> {
    const key = this.#take();
    if (key !== undefined || this.#stopped) return Promise.resolve(key);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** The work that {@link get} gave is finished, well or not. */
  done(key: string): void {
    const work = this.#processing.get(key);
    if (work === undefined) return;
    this.#processing.delete(key);
    this.#observer?.finished((this.#clock.monotonic() - work.since) / 1000);
    if (this.#dirty.has(key) && !this.#stopped) {
      const low = this.#lowAfter.delete(key);
      this.#enqueue(key, low ? 'low' : 'normal');
    }
    if (this.#processing.size === 0) this.#becomeIdle();
  }

  /** Takes no more keys, gives no more keys, forgets those that wait. */
  shutDown(): void {
    this.#stopped = true;
    this.#delayed.clear();
    this.#normal.clear();
    this.#low.clear();
    this.#lowAfter.clear();
    this.#dirty.clear();
    for (const resolve of this.#waiters.splice(0)) resolve(undefined);
  }

  /** Resolves when no key is in work. */
  async drained(): Promise<void> {
    if (this.#processing.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #enqueue(key: string, priority: Priority): void {
    (priority === 'low' ? this.#low : this.#normal).add(key);
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) waiter(this.#take());
  }

  #lift(key: string): void {
    this.#lowAfter.delete(key);
    if (this.#low.delete(key)) this.#normal.add(key);
  }

  #take(): string | undefined {
    const turnOfLow = this.#normal.size === 0 || (this.#low.size > 0 && this.#normalInARow >= lowShare - 1);
    const from = turnOfLow ? this.#low : this.#normal;
    const key = from.take();
    if (key === undefined) return undefined;
    this.#normalInARow = turnOfLow ? 0 : this.#normalInARow + 1;
    const now = this.#clock.monotonic();
    this.#observer?.started((now - (this.#dirty.get(key) ?? now)) / 1000);
    this.#dirty.delete(key);
    this.#processing.set(key, { since: now, priority: turnOfLow ? 'low' : 'normal' });
    return key;
  }

  #becomeIdle(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
