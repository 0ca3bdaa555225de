import { Temporal } from 'temporal-polyfill';

/** Points in time that recur. Milliseconds since the epoch. */
export interface Times {
  /** The last one at a time or before. */
  before(time: number): number | undefined;
  /** The first one after it. */
  after(time: number): number | undefined;
}

const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;
export type Weekday = (typeof weekdays)[number];

/** A time of the day, on some days of the week or all, by the clocks of a zone. */
export interface Daily {
  /** `20:00` */
  readonly time: string;
  readonly days?: readonly Weekday[] | undefined;
  readonly timeZone: string;
}

/** Days that are looked at to either side: a week, and what a zone may have moved it by. */
const REACH = 9;

/**
 * When a time of the day comes. Each day has it once: where clocks go forward over it, it comes as much later as they go;
 * where it comes twice, the first counts (`compatible` of RFC 5545 and of Temporal).
 *
 * @throws {RangeError} when there is no such zone or time
 */
export function daily({ time, days, timeZone }: Daily): Times {
  const plainTime = Temporal.PlainTime.from(time, { overflow: 'reject' });
  const wanted = new Set((days ?? weekdays).map((day) => weekdays.indexOf(day) + 1));
  // Read once, so that a zone that does not exist is told here and not later.
  const dayAt = (at: number): Temporal.PlainDate =>
    Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate();
  dayAt(0);
  const find = (at: number, direction: 1 | -1, isIt: (found: number) => boolean): number | undefined => {
    const today = dayAt(at);
    for (let away = -1; away <= REACH; away += 1) {
      const day = today.add({ days: direction * away });
      if (!wanted.has(day.dayOfWeek)) continue;
      const found = day.toZonedDateTime({ timeZone, plainTime }).epochMilliseconds;
      if (isIt(found)) return found;
    }
    return undefined;
  };
  return {
    before: (at) => find(at, -1, (found) => found <= at),
    after: (at) => find(at, 1, (found) => found > at),
  };
}
