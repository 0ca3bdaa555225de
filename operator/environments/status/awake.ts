import { annotations } from '../../api/index.ts';
import { localTime } from '../../calendar/index.ts';
import { rfc3339 } from '../../canonical/index.ts';
import type { Situation } from '../decide/situation.ts';
import { condition, type EnvironmentCondition } from './conditions.ts';

type Sleeping = Pick<Extract<Situation, { kind: 'Active' }>, 'plan' | 'sleep' | 'busy' | 'suspended'>;

/** Why it sleeps and what wakes it; undefined of one that is awake. */
export function sleeping({ plan, sleep, suspended }: Sleeping): string | undefined {
  if (plan.asleep === undefined) return undefined;
  if (suspended) return 'Sleeps, and is suspended: set suspend: false';
  // One that does not sleep by itself sleeps no longer than until it is looked at again.
  if (sleep?.kind !== 'Asleep') return 'Sleeps';
  const { since, until, by, timeZone } = sleep;
  const why = by === 'Schedule' ? 'by its schedule' : 'since nothing happened for sleep.inactivity';
  const wakes = until === undefined ? 'it wakes when' : `it wakes at ${shown(until, timeZone)}, or when`;
  return `Sleeps since ${shown(since, timeZone)}, ${why}; ${wakes} its spec is changed or the annotation ${annotations.wakeAt} gets a new value`;
}

/** Whether it is awake, and until when; nothing of one that never sleeps. */
export function awake(situation: Sleeping): readonly EnvironmentCondition[] {
  const { sleep, busy, suspended } = situation;
  const asleep = sleeping(situation);
  if (asleep !== undefined) return [condition('Awake', 'False', 'Sleeping', asleep)];
  if (sleep === undefined) return [];
  switch (sleep.kind) {
    case 'Unreadable': {
      const message = `It does not sleep, since sleep.schedule cannot be read: ${sleep.why}; correct it, in the class where it is of that`;
      return [condition('Awake', 'Unknown', 'ScheduleUnreadable', message)];
    }
    case 'Asleep':
      return isAwake(
        suspended ? 'It does not sleep while it is suspended' : `Sleeps as soon as ${busy.join(', ')} has ended`,
      );
    case 'Awake': {
      const unless = sleep.by === 'Schedule' ? '' : ' unless it is active before';
      return isAwake(`Sleeps at ${shown(sleep.until, sleep.timeZone)}${unless}`);
    }
  }
}

function isAwake(message: string): readonly EnvironmentCondition[] {
  return [condition('Awake', 'True', 'Awake', message)];
}

/** `2026-11-28T19:00:00Z (2026-11-28 20:00 in Europe/Berlin)` */
function shown(at: number, timeZone: string): string {
  const there = timeZone === 'UTC' ? undefined : localTime(at, timeZone);
  return there === undefined ? rfc3339(at) : `${rfc3339(at)} (${there} in ${timeZone})`;
}
