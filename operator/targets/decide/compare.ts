import { livePodDifference, podDifference } from '../../admission/index.ts';
import type { Pod } from '../../kube/index.ts';
import { contentsOf, type Approved, type LockSpec, type WorkloadKey } from '../../lock/index.ts';

/** What a comparison needs of an entry. */
export type Content = Pick<Approved, 'name' | 'spec' | 'injected' | 'mutations'> & { readonly kind: string };

/** Compares a pod as it was answered to its creation by the table that admission compares with. */
export function newPodDifference(pod: Pod, contents: readonly Content[]): string | undefined {
  return guarded(() => podDifference(pod, contents));
}

/** Compares a running pod by the same table, without what is set on a pod after its creation by who may do so. */
export function runningPodDifference(
  pod: Pod,
  contents: readonly Content[],
  { liveAccess, podWriters }: Pick<LockSpec, 'liveAccess' | 'podWriters'>,
): string | undefined {
  return guarded(() => livePodDifference(pod, contents, { liveAccess, podWriters }));
}

/** The approved contents of a workload: Current and Fallback. */
export function entriesOf(lock: LockSpec, workload: WorkloadKey): readonly Approved[] {
  const { current, fallback } = contentsOf(lock, workload);
  return [current, fallback].filter((entry) => entry !== undefined);
}

/** What cannot be compared is not the same. */
function guarded(compare: () => string | undefined): string | undefined {
  try {
    return compare();
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return `it cannot be compared: ${line}`;
  }
}
