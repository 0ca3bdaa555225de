import { notAfterOf } from '../../api/index.ts';
import { expiredAt } from './readiness.ts';
import { stall, type Verdict } from './verdict.ts';
import type { Cause, Known, OverWorld, UnreadableWorld } from './world.ts';

/** What has no digest may have one later, without an event that says so: looked at again after so many milliseconds. */
const LOOK_AGAIN_MS = 30_000;

/** What is left of a world that could not be read or judged: what is known without a request. Over is over all the same. */
export function unreadable({ now, promotion, records, history }: Known, because: Cause): OverWorld | UnreadableWorld {
  const known = { now, promotion, records, history };
  const { ended } = history;
  return ended === undefined ? { ...known, stage: 'Unreadable', because } : { ...known, stage: 'Over', ended };
}

/** Nothing is done, and whoever looks is told why. What nobody approved ends in its time; what is approved may run already. */
export function undecidable(known: Known, { reason, message }: Cause): Verdict {
  const stalled = stall(reason, message, LOOK_AGAIN_MS);
  if (known.history.approved !== undefined) return { ...stalled, phase: 'RollingOut' };
  return expiredAt(known, notAfterOf(known.promotion)) ?? stalled;
}
