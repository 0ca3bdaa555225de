/** A pending timer. */
export interface Timer {
  /** Does nothing once the timer has fired. */
  cancel(): void;
}

/** Time, injected everywhere so that tests own it. All durations are milliseconds. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. For what is written down; it may jump. */
  now(): number;
  /** Milliseconds that only ever grow. For measuring and for judging what has expired. */
  monotonic(): number;
  /** Runs `callback` once after `ms`. */
  setTimer(ms: number, callback: () => void): Timer;
}

/** A number in [0, 1). */
export type Random = () => number;

/** Longest delay that `setTimeout` keeps; a longer one would fire at once. */
const longestTimeout = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = Object.freeze({
  now: (): number => Date.now(),
  monotonic: (): number => performance.now(),
  setTimer(ms: number, callback: () => void): Timer {
    const timeout = setTimeout(callback, Math.min(Math.max(ms, 0), longestTimeout));
    return { cancel: () => clearTimeout(timeout) };
  },
});

/**
 * Resolves after `ms`, or as soon as `signal` aborts; it never rejects, so callers check the signal.
 */
export async function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.setTimer(ms, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}
