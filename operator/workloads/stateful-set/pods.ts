import { itemsOf, membersOf } from '../../canonical/index.ts';
import type { ControllerRevision, Pod, StatefulSet } from '../../kube/index.ts';
import { sortPods } from '../history.ts';
import type { Spec } from '../object.ts';
import { isReady } from '../rollout/pods.ts';
import type { Running } from '../rollout/types.ts';
import type { PodSpec } from '../workload.ts';
import { standing } from './standing.ts';

/** Its pods name their revision whole. */
export function hashOf({ metadata }: ControllerRevision): string {
  return metadata.name;
}

/** Its controller gives each pod the identity and the claims of its name. */
export function podSpec(template: PodSpec, { serviceName, volumeClaimTemplates }: Spec, name: string): PodSpec {
  const claims = itemsOf(volumeClaimTemplates).map((claim) => String(membersOf(membersOf(claim)['metadata'])['name']));
  const volumes = (template.volumes ?? []).filter((volume) => !claims.includes(volume.name));
  return {
    ...template,
    hostname: name,
    ...(typeof serviceName === 'string' && { subdomain: serviceName }),
    volumes: [
      ...claims.map((claim) => ({ name: claim, persistentVolumeClaim: { claimName: `${claim}-${name}` } })),
      ...volumes,
    ],
  };
}

/**
 * A pod that never becomes ready is not replaced where pods come one after another: its controller waits for it
 * (kubernetes#67250), whatever the set has by now.
 */
export function stuck(running: Running<StatefulSet>): readonly Pod[] | undefined {
  if (!standing(running.live).observed) return undefined;
  return sortPods(running, hashOf).old.filter((pod) => !isReady(pod));
}
