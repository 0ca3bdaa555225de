import { inspect } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { HarnessError } from './errors.ts';

export interface WaitOptions {
  /** Milliseconds until it gives up (default 30,000). */
  readonly timeout?: number;
  /** Milliseconds between two looks at first (default 50); it grows to ten times that. */
  readonly interval?: number;
}

/** What a condition answers while it does not hold yet. */
export type NotYet = undefined | null | false;

/**
 * Looks again and again until a condition holds.
 *
 * @param description what is waited for, as it shall stand in the error: 'the pod runs'
 * @param condition returns the awaited value, or nothing while it is not there; what it passes to `seen` or throws is
 *   shown when time is up
 * @returns the first value that is neither undefined, null nor false
 * @throws HarnessError `Timeout`, with what was last seen
 */
export async function waitFor<T>(
  description: string,
  condition: (seen: (what: unknown) => void) => Promise<T | NotYet> | T | NotYet,
  { timeout = 30_000, interval = 50 }: WaitOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeout;
  let last: unknown = 'nothing';
  let cause: unknown;
  for (let delay = interval; ; delay = Math.min(delay * 1.3, interval * 10)) {
    try {
      const value = await condition((what) => {
        last = what;
      });
      cause = undefined;
      if (value !== undefined && value !== null && value !== false) return value;
    } catch (error) {
      last = error instanceof Error ? error.message : error;
      cause = error;
    }
    if (performance.now() + delay > deadline) {
      const shown = typeof last === 'string' ? last : inspect(last, { depth: 8, breakLength: 120 });
      throw new HarnessError('Timeout', `waited ${timeout} ms for: ${description}; last seen: ${shown}`, { cause });
    }
    await pause(delay);
  }
}
