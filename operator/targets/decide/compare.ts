import { podDifference } from '../../admission/index.ts';
import type { Pod } from '../../kube/index.ts';
import { contentsOf, type Approved, type LockSpec } from '../../lock/index.ts';

/** What a comparison needs of an entry. */
export type Content = Pick<Approved, 'kind' | 'name' | 'spec' | 'injected' | 'mutations'>;

/** Compares a pod as it was answered to its creation by the table that admission compares with. */
export function newPodDifference(pod: Pod, contents: readonly Content[]): string | undefined {
  return guarded(() => podDifference(pod, contents));
}

/**
 * Compares a running pod by the same table, without what the scheduler, kubelets and allowed writers add to a pod after
 * its creation.
 */
export function runningPodDifference(
  pod: Pod,
  contents: readonly Content[],
  { liveAccess, podWriters = [] }: Pick<LockSpec, 'liveAccess' | 'podWriters'>,
): string | undefined {
  const { nodeName: _node, ephemeralContainers, ...spec } = pod.spec ?? { containers: [] };
  const written = podWriters.flatMap(({ annotations = [] }) => annotations);
  const annotations = Object.entries(pod.metadata.annotations ?? {}).filter(
    ([key]) => !written.some((pattern) => matches(pattern, key)),
  );
  const created = {
    ...pod,
    metadata: { ...pod.metadata, annotations: Object.fromEntries(annotations) },
    spec: { ...spec, ...(liveAccess === 'Allow' || ephemeralContainers === undefined ? {} : { ephemeralContainers }) },
  };
  return guarded(() => podDifference(created, contents));
}

/** The approved contents of a Deployment: Current and Fallback. */
export function entriesOf(lock: LockSpec, name: string): readonly Approved[] {
  const { current, fallback } = contentsOf(lock, { kind: 'Deployment', name });
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

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
