import { parseTime } from '../../canonical/index.ts';
import type { Pod } from '../../kube/index.ts';
import { conditionOf, isReady } from './pods.ts';

/**
 * Since when a pod has been ready with every container of it in one life, milliseconds since the epoch. Undefined when it
 * is not, or when somebody's clock left out a time: what is not known holds for no time at all.
 */
export function availableSince(pod: Pod): number | undefined {
  if (!isReady(pod)) return undefined;
  const { spec, status, metadata } = pod;
  const lasting = [
    ...(spec?.containers ?? []),
    // A sidecar lives as long as the pod (Kubernetes: restartable init containers).
    ...(spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
  ];
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const starts = lasting.map(({ name }) => statuses.find((each) => each.name === name)?.state?.running?.startedAt);
  const times = [conditionOf(pod, 'Ready')?.lastTransitionTime, metadata.creationTimestamp, ...starts].map((time) =>
    parseTime(String(time ?? '')),
  );
  const since = Math.max(...times);
  return Number.isNaN(since) ? undefined : since;
}
