import { parseHttpDate } from '../../canonical/index.ts';
import type { Random } from '../clock/index.ts';

/** Times a refused request is repeated, as in client-go. */
const maxRetries = 10;

/** Milliseconds that all the waiting for one request may take together. */
const maxWait = 60_000;

export interface Refusal {
  readonly method: string;
  readonly status: number;
  /** Milliseconds, from Retry-After. */
  readonly retryAfter: number | undefined;
  /** How often it was repeated already. */
  readonly attempt: number;
  /** Milliseconds waited so far. */
  readonly waited: number;
}

/**
 * Milliseconds to wait before a refused request is sent again, or undefined to give up. 429 was not processed whatever
 * the verb (API Priority and Fairness); 5xx is repeated when the server says when to come back, as client-go does, and
 * 503 for a read even when it does not.
 */
export function retryDelay(refusal: Refusal, random: Random): number | undefined {
  const { method, status, retryAfter, attempt, waited } = refusal;
  if (attempt >= maxRetries) return undefined;
  const told = retryAfter !== undefined;
  const repeatable = status === 429 || (status >= 500 && told) || (status === 503 && method === 'GET');
  if (!repeatable) return undefined;
  const base = retryAfter ?? Math.min(100 * 2 ** attempt, 10_000);
  // Spread out, so that the clients of a restarted server do not come back together.
  const delay = base * (1 + random() * 0.1);
  return waited + delay > maxWait ? undefined : delay;
}

/** Milliseconds of a Retry-After header (RFC 9110, section 10.2.3): seconds, or a date relative to `now`. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined || value === '') return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = parseHttpDate(value);
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}

/** Connection errors after which a read may simply be sent again: a kept connection was closed under it. */
export function isStaleConnection(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}
