/** When a window occurs: RFC 5545 recurrence in a time zone, as elapsed time from each start. */
import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import type { Times } from '../../calendar/index.ts';
import { isRecurrence, parseDuration, type WindowSpec } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';

/** Whether a window occurs at a time, and until when that stays so. */
export interface Occurrence {
  readonly active: boolean;
  /** Milliseconds since the epoch; infinite when it stays so for ever. */
  readonly until: number;
}

/** Somebody wrote what is no window: a zone or a rule that does not exist. */
export interface UnreadableWindow {
  readonly unreadable: string;
}

/** Of a rule that never occurs (30 February): looking for more would take seconds. */
const MOST_ITERATIONS = 1000;
/** Occurrences that follow without a gap; whoever looks again then sees further. */
const MOST_CHAINED = 100;

/**
 * Whether the window occurs at `now`. As RFC 5545 (3.3.10) has it, an occurrence whose local time does not exist that day
 * (clocks go forward over it) is none; one that exists twice is the first.
 *
 * @param now milliseconds since the epoch
 */
export function occurrenceAt(window: WindowSpec, now: number): Occurrence | UnreadableWindow {
  try {
    const duration = parseDuration(window.duration);
    const starts = startsOf(window);
    const last = starts.before(now);
    if (last !== undefined && now < last + duration) return { active: true, until: endOf(starts, last, duration) };
    return { active: false, until: starts.after(now) ?? Infinity };
  } catch (error) {
    // Whatever the libraries make of it: it is no window.
    return { unreadable: printable(error instanceof Error ? error.message : String(error), 200) };
  }
}

/** Where the next one begins before one ends, they are one. */
function endOf(starts: Times, first: number, duration: number): number {
  let last = first;
  for (let chained = 0; chained < MOST_CHAINED; chained += 1) {
    const next = starts.after(last);
    if (next === undefined || next > last + duration) break;
    last = next;
  }
  return last + duration;
}

function startsOf({ start, rrule, timeZone }: WindowSpec): Times {
  const first = Temporal.PlainDateTime.from(start, { overflow: 'reject' }).toZonedDateTime(timeZone);
  if (rrule === undefined) {
    const once = first.epochMilliseconds;
    return { before: (time) => (once <= time ? once : undefined), after: (time) => (once > time ? once : undefined) };
  }
  // The library takes what it does not know for nothing.
  if (!isRecurrence(rrule)) throw new RangeError(`${printable(rrule, 80)} is no recurrence rule of days and longer`);
  const text = `DTSTART;TZID=${timeZone}:${first.toPlainDateTime().toString().replaceAll(/[-:]/g, '')}\nRRULE:${rrule}`;
  const rule = new RRuleTemporal({
    rruleString: text,
    temporal: Temporal,
    strict: true,
    maxIterations: MOST_ITERATIONS,
  });
  return {
    before: (time) => rule.previous(new Date(time), true)?.epochMilliseconds,
    after: (time) => rule.next(new Date(time), false)?.epochMilliseconds,
  };
}
