export interface RateLimiterOptions {
  /** Milliseconds after the first failure. Default 5. */
  readonly base?: number | undefined;
  /** Default 1,000,000 (16 min 40 s). */
  readonly max?: number | undefined;
}

/** Delays per key that double with each failure (client-go: ItemExponentialFailureRateLimiter). */
export class RateLimiter {
  readonly #base: number;
  readonly #max: number;
  readonly #failures = new Map<string, number>();

  constructor(options: RateLimiterOptions = {}) {
    this.#base = options.base ?? 5;
    this.#max = options.max ?? 1_000_000;
  }

  /** Counts a failure and returns the milliseconds to wait. */
  next(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.min(this.#base * 2 ** failures, this.#max);
  }

  /** The key did well: its next failure is its first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }
}
