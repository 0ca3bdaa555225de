import type { Deployment, KubeObject, Pod } from '../../kube/index.ts';
import { isKnown } from './common.ts';
import type { Running, TargetWorld } from './world.ts';

/**
 * Who made a pod: the Deployment at the end of its chain of controllers, followed by uid, since names and labels that
 * merely look right are anybody's to write. Undefined when that is no workload that a target names or the lock holds.
 */
export function makerOf(world: TargetWorld): (pod: Pod) => Deployment | undefined {
  const { deployments, replicaSets } = world.running;
  const known = new Map(
    deployments
      .filter(({ metadata: { name } }) => isKnown(world, { kind: 'Deployment', name }))
      .map((deployment) => [deployment.metadata.uid, deployment]),
  );
  const makers = new Map(replicaSets.map((set) => [set.metadata.uid, known.get(controllerOf(set))]));
  return (pod) => makers.get(controllerOf(pod));
}

/** The ReplicaSet that makes a Deployment's new pods: the one of its highest revision. */
export function newestReplicaSet(
  { replicaSets }: Pick<Running, 'replicaSets'>,
  deployment: Deployment,
): Running['replicaSets'][number] | undefined {
  return replicaSets
    .filter((set) => controllerOf(set) === deployment.metadata.uid)
    .toSorted((a, b) => revisionOf(b) - revisionOf(a))[0];
}

function revisionOf({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
}

/** Uid of the object that controls this one. */
export function controllerOf({ metadata }: KubeObject): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}
