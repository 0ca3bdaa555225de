import type { Clock, Random } from './clock.ts';

export interface BackoffOptions {
  /** First delay, milliseconds. */
  readonly initial: number;
  readonly max: number;
  readonly factor: number;
  /** A delay d becomes one between d and d * (1 + jitter). */
  readonly jitter: number;
  /** Milliseconds without a failure after which the next one counts as the first. */
  readonly reset: number;
}

/** client-go's backoff of reflectors. */
export const reflectorBackoff: BackoffOptions = Object.freeze({
  initial: 800,
  max: 30_000,
  factor: 2,
  jitter: 1,
  reset: 120_000,
});

/** Delays that grow with every failure, and start over after a quiet while. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #failures = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(options: BackoffOptions, clock: Clock, random: Random) {
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const { initial, max, factor, jitter, reset } = this.#options;
    const now = this.#clock.monotonic();
    if (now - this.#last > reset) this.#failures = 0;
    this.#last = now;
    const delay = Math.min(initial * factor ** this.#failures, max);
    this.#failures++;
    return delay * (1 + jitter * this.#random());
  }

  /** What failed works again: the next failure is the first one. */
  reset(): void {
    this.#failures = 0;
  }
}
