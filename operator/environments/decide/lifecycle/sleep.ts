import { parseDuration, type SleepSpec } from '../../../api/index.ts';
import { daily, type Times } from '../../../calendar/index.ts';
import { printable } from '../../../canonical/index.ts';

/** Whether an environment is to sleep, and until when that stays so. Times are milliseconds since the epoch. */
export type Sleep =
  /** `until`: if nothing happens before. */
  | { readonly kind: 'Awake'; readonly until: number; readonly by: SleepCause; readonly timeZone: string }
  /** `until` its schedule wakes it; undefined: it has none that does. */
  | {
      readonly kind: 'Asleep';
      readonly since: number;
      readonly until: number | undefined;
      readonly by: SleepCause;
      readonly timeZone: string;
    }
  /** Its schedule is none: then nothing makes it sleep. */
  | { readonly kind: 'Unreadable'; readonly why: string };

type SleepCause = 'Schedule' | 'Inactivity';

/**
 * What happened last decides: activity and the schedule's `wake` wake it, the schedule's `sleep` and so much time without
 * activity put it to sleep. Whoever works at night is left alone until the next evening.
 *
 * @param lastActivityAt with a resolution of one second
 * @returns undefined for one that never sleeps
 */
export function sleepAt(spec: SleepSpec | undefined, lastActivityAt: number, now: number): Sleep | undefined {
  if (spec === undefined) return undefined;
  const { inactivity, schedule } = spec;
  try {
    const { sleeps, wakes } = timesOf(schedule);
    const awakeSince = Math.max(lastActivityAt, wakes?.before(now) ?? lastActivityAt);
    const ends = [
      { at: sleeps?.after(awakeSince), by: 'Schedule' },
      { at: inactivity === undefined ? undefined : awakeSince + parseDuration(inactivity), by: 'Inactivity' },
    ] as const;
    const [end] = ends.flatMap(({ at, by }) => (at === undefined ? [] : [{ at, by }])).toSorted((a, b) => a.at - b.at);
    if (end === undefined) return undefined;
    const { at, by } = end;
    const timeZone = schedule?.timeZone ?? 'UTC';
    return at > now
      ? { kind: 'Awake', until: at, by, timeZone }
      : { kind: 'Asleep', since: at, until: wakes?.after(now), by, timeZone };
  } catch (error) {
    // A zone that nobody has: nobody may guess one.
    return { kind: 'Unreadable', why: printable(error instanceof Error ? error.message : String(error), 200) };
  }
}

/** Milliseconds until that may be otherwise; undefined: time changes nothing. */
export function sleepChangesIn(sleep: Sleep | undefined, now: number): number | undefined {
  if (sleep === undefined || sleep.kind === 'Unreadable' || sleep.until === undefined) return undefined;
  return sleep.until - now;
}

function timesOf(schedule: SleepSpec['schedule']): {
  readonly sleeps: Times | undefined;
  readonly wakes: Times | undefined;
} {
  if (schedule === undefined) return { sleeps: undefined, wakes: undefined };
  const { sleep, wake, days, timeZone } = schedule;
  return {
    sleeps: daily({ time: sleep, timeZone }),
    wakes: wake === undefined ? undefined : daily({ time: wake, days, timeZone }),
  };
}
