import type { Condition } from '../../kube/index.ts';

/** A condition without its time. */
export type Stated = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;
type Observed = Pick<Condition, 'type' | 'status' | 'lastTransitionTime'>;

/**
 * Conditions with their times: one whose status stays keeps its `lastTransitionTime` (Kubernetes API conventions).
 *
 * @param before the conditions of the object's present status
 */
export function withTimes(
  stated: readonly Stated[],
  before: readonly Observed[] | undefined,
  generation: number | undefined,
  now: string,
): Condition[] {
  return stated.map((condition) => {
    const old = before?.find(({ type }) => type === condition.type);
    return {
      ...condition,
      message: condition.message.slice(0, 8192),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime: old?.status === condition.status ? old.lastTransitionTime : now,
    };
  });
}
