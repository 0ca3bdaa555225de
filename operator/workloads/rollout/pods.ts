import type { Pod } from '../../kube/index.ts';
import type { SortedPods } from './types.ts';

/** Sorts the pods that one workload made. */
export function sortedPods(own: readonly Pod[], isFresh: (pod: Pod) => boolean): SortedPods {
  const named = own.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return {
    fresh: named.filter((pod) => isFresh(pod) && !leaves(pod)),
    old: named.filter((pod) => !isFresh(pod) && !leaves(pod)),
    leaving: named.filter((pod) => !isFresh(pod) && leaves(pod)),
  };
}

/** By its condition Ready; a pod without one is not. */
export function isReady(pod: Pod): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True';
}

/** The condition of that type; undefined while nobody has written it. */
export function conditionOf(
  { status }: Pod,
  type: string,
): NonNullable<NonNullable<Pod['status']>['conditions']>[number] | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** As lists and messages name it. */
export function nameOf({ metadata }: Pod): string {
  return metadata.name;
}

function leaves({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}
