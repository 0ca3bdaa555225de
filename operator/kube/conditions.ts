import { rfc3339 } from '../canonical/index.ts';
import type { Condition } from './objects/index.ts';

/**
 * The list with `next` in the place of the condition of its type (or at the end). `lastTransitionTime` moves only when the
 * status does (Kubernetes API conventions), so that an unchanged world gives an unchanged list.
 *
 * @param now wall clock, milliseconds since the epoch
 */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  next: Omit<Condition, 'lastTransitionTime'>,
  now: number,
): readonly Condition[] {
  const old = conditions?.find(({ type }) => type === next.type);
  const time = rfc3339(now);
  const lastTransitionTime = old?.status === next.status ? old.lastTransitionTime : time;
  const condition: Condition = { ...next, lastTransitionTime };
  if (old === undefined) return [...(conditions ?? []), condition];
  return (conditions ?? []).map((each) => (each.type === next.type ? condition : each));
}
