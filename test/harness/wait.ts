import { inspect } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { HarnessError } from './errors.ts';

export interface WaitOptions {
  /** Milliseconds until it gives up (default 30,000). */
  readonly timeout?: number;
  /** Milliseconds between two looks at first (default 50); it grows to ten times that. */
  readonly interval?: number;
}

/** A share of every deadline, for tests that are expected to fail (`make rights`). */
const patience = Number(process.env['TWINLOCK_PATIENCE'] ?? 1);

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
  const deadline = performance.now() + timeout * patience;
  let last: unknown;
  let cause: unknown;
  for (let delay = interval; ; delay = Math.min(delay * 1.3, interval * 10)) {
    try {
      const value = await condition((what) => {
        last = what;
      });
      cause = undefined;
      if (value !== undefined && value !== null && value !== false) return value;
    } catch (error) {
      cause = error;
    }
    if (performance.now() + delay > deadline) {
      const seen = [last, cause].filter((what) => what !== undefined).map(shown);
      const message = `waited ${timeout * patience} ms for: ${description}; last seen: ${seen.join('; ') || 'nothing'}`;
      throw new HarnessError('Timeout', message, { cause });
    }
    await pause(delay);
  }
}

function shown(what: unknown): string {
  if (what instanceof Error) return what.message;
  return typeof what === 'string' ? what : inspect(what, { depth: 8, breakLength: 120 });
}
