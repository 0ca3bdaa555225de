import type { StatefulSet } from '../../kube/index.ts';
import type { Standing } from '../rollout/types.ts';

/** Why it has no pods, its controller tells in events only. */
export function standing({ metadata, spec, status }: StatefulSet): Standing {
  return {
    observed: (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
    wanted: spec?.replicas ?? 1,
    present: status?.replicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
    failure: undefined,
    movedAt: undefined,
  };
}
