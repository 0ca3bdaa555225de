import { parseTime, rfc3339 } from '../../canonical/index.ts';
import { isHeldBack } from './cause.ts';
import { nameOf } from './pods.ts';
import type { SortedPods } from './types.ts';

/** Until when pods that end within their grace keep the room, the quota or the node that new ones need (Recreate, maxSurge 0). */
export function drainOf({ fresh, leaving }: SortedPods, wanted: number): number | undefined {
  if (leaving.length === 0) return undefined;
  if (fresh.length >= wanted && !fresh.some(isHeldBack)) return undefined;
  const ends = leaving.map(({ metadata }) => parseTime(metadata.deletionTimestamp ?? '')).filter(Number.isFinite);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/**
 * What is said beside a rollout while old pods may hold it up: no line or one, with three names at most.
 *
 * @param drainsUntil milliseconds since the epoch, as `now` is; undefined when nothing drains
 */
export function drainWords({ leaving }: SortedPods, drainsUntil: number | undefined, now: number): readonly string[] {
  if (drainsUntil === undefined || now > drainsUntil) return [];
  const which = leaving.map(nameOf);
  const shown = which.length > 3 ? `${which.slice(0, 3).join(', ')} and ${which.length - 3} more` : which.join(', ');
  return [`old pod ${shown} may still be ending until ${rfc3339(drainsUntil)}, the deadline runs from then`];
}
