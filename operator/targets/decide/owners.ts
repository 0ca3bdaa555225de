import type { Pod } from '../../kube/index.ts';
import { controllerOf, workloadOf } from '../../workloads/index.ts';
import { isKnown } from './common.ts';
import type { PresentWorkload, TargetWorld } from './world.ts';

/**
 * Who made a pod: the workload at the end of its chain of controllers, followed by uid, since names and labels that
 * merely look right are anybody's to write. Undefined when that is no workload that a target names or the lock holds.
 */
export function makerOf(world: TargetWorld): (pod: Pod) => PresentWorkload | undefined {
  const { workloads, owned } = world.running;
  const known = new Map(
    workloads
      .filter((workload) => isKnown(world, workload))
      .map((workload) => [workload.live.metadata.uid, workload] as const),
  );
  const makers = new Map<string | undefined, PresentWorkload | undefined>();
  for (const [uid, workload] of known) if (makesPods(workload, workload.live.kind)) makers.set(uid, workload);
  for (const object of owned) {
    const workload = known.get(controllerOf(object)?.uid);
    if (workload !== undefined && makesPods(workload, object.kind)) makers.set(object.metadata.uid, workload);
  }
  return (pod) => makers.get(controllerOf(pod)?.uid);
}

/** Pods of a workload are controlled by objects of one kind, be it the workload's own. */
function makesPods({ kind }: PresentWorkload, owner: string): boolean {
  return workloadOf(kind).podOwner.kind === owner;
}
