import { parseTime } from '../canonical/index.ts';

/** Beyond this the two clocks tell different stories about who is in time (security: "Counting", 1). */
export const MAX_SKEW_SECONDS = 60;
/** RFC 9110 section 5.6.7, IMF-fixdate. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Seconds by which this process's clock is ahead of the API server's `Date` header (negative: behind); undefined when
 * there is no readable header. The header has whole seconds, so the result is up to one too large.
 */
export function secondsOfSkew(now: number, dateHeader: string | undefined): number | undefined {
  if (dateHeader === undefined || !HTTP_DATE.test(dateHeader)) return undefined;
  const skew = (now - Date.parse(dateHeader)) / 1000;
  return Number.isFinite(skew) ? skew : undefined;
}

/** False also for an unknown skew: without a clock nothing is counted. */
export function clockTrusted(skew: number | undefined): boolean {
  return skew !== undefined && Math.abs(skew) <= MAX_SKEW_SECONDS;
}

/** False from `notAfter` on, and when either time is no time. */
export function roundOpen(now: number, notAfter: string): boolean {
  return now <= parseTime(notAfter);
}

export interface CountGuard {
  readonly deleting: boolean;
  readonly terminal: boolean;
  readonly now: number;
  /** Undefined when no round is open. */
  readonly notAfter: string | undefined;
  readonly dateHeader: string | undefined;
}

export interface Stop {
  readonly reason: 'Deleting' | 'Terminal' | 'NoRound' | 'RoundEnded' | 'ClockUnknown' | 'ClockSkew';
  readonly message: string;
}

/** Why votes must not be counted now, or undefined (security: "Counting", 1). */
export function stopReason({ deleting, terminal, now, notAfter, dateHeader }: CountGuard): Stop | undefined {
  if (deleting) return { reason: 'Deleting', message: 'the promotion is being deleted' };
  if (terminal) return { reason: 'Terminal', message: 'the promotion is over: create a new one' };
  if (notAfter === undefined) return { reason: 'NoRound', message: 'no round is open: the gates have not passed' };
  const skew = secondsOfSkew(now, dateHeader);
  if (skew === undefined)
    return { reason: 'ClockUnknown', message: 'the API server sent no Date header to compare the clock with' };
  if (!clockTrusted(skew))
    return {
      reason: 'ClockSkew',
      message: `this clock is ${Math.round(skew)} s ahead of the API server's: set it right (NTP), at most ${MAX_SKEW_SECONDS} s are accepted`,
    };
  if (!roundOpen(now, notAfter))
    return { reason: 'RoundEnded', message: `the round ended at ${notAfter}: a new one must be opened` };
  return undefined;
}
