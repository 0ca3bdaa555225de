import { parseTime } from '../../canonical/index.ts';
import type { Deployment } from '../../kube/index.ts';
import type { Standing } from '../rollout/types.ts';

/** `kubectl rollout status` reads the same. */
export function standing({ metadata, spec, status }: Deployment): Standing {
  const condition = (type: string) => status?.conditions?.find((each) => each.type === type);
  const failure = condition('ReplicaFailure');
  const moved = condition('Progressing')?.lastUpdateTime;
  return {
    observed: (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
    wanted: spec?.replicas ?? 1,
    present: status?.replicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
    failure: failure?.status === 'True' ? (failure.message ?? '') : undefined,
    movedAt: moved === undefined ? undefined : parseTime(moved),
  };
}
