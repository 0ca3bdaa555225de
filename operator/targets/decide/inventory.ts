import { protections, workloadKinds } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import type { Pod } from '../../kube/index.ts';
import { settingsOf, type LockSpec } from '../../lock/index.ts';
import { approvedSpec, isPaused } from '../../workloads/index.ts';
import { adoptingLock, hasAdopted, unadopted } from './adopt.ts';
import { foundProtection, isKnown, listOf, onlyWarns, sameWorkload, shown, stall, type TargetStep } from './common.ts';
import { entriesOf, runningPodDifference, type Content } from './compare.ts';
import { howToPin, shownTags, tagImages } from './images.ts';
import { makerOf } from './owners.ts';
import { isOfPromotion, isPromotedJob } from './promoted.ts';
import { rehearsal } from './rehearsal.ts';
import type { PresentWorkload, TargetWorld } from './world.ts';

/**
 * Whether everything that runs in the namespace has to be looked at: before something is taken over, before a namespace
 * that was only warned about is enforced, and while it is warned about, to say what stands in the way.
 */
export function needsInventory(
  world: Pick<TargetWorld, 'target' | 'others' | 'records' | 'namespace' | 'lock' | 'workloads'>,
): boolean {
  return (
    !hasAdopted(world) ||
    unadopted(world, world.workloads).length > 0 ||
    onlyWarns(world) ||
    foundProtection(world) === protections.warn
  );
}

/** Milliseconds; other kinds are not followed: while they stand in the way they are looked at again. */
const LOOK_AGAIN = 10_000;

/** A namespace that also runs what no target names is not taken over: it would be half open. */
const unnamed: TargetStep = (world) => {
  const { workloads, others } = world.running;
  const found = [...workloads, ...others].filter(
    (workload) => !isKnown(world, workload) && !isPromotedJob(world, workload),
  );
  if (found.length === 0) return undefined;
  return {
    ...stall(
      'UnnamedWorkloads',
      `the namespace also runs ${listOf(found.map(shown))}, which no ProductionTarget names: name ${workloadKinds.map((kind) => `${kind}s`).join(', ')} in a target, and move or delete everything else that makes pods`,
    ),
    requeueAfter: LOOK_AGAIN,
  };
};

/** A paused workload takes content and does not run it. */
const paused: TargetStep = (world) => {
  const found = world.workloads.find(({ kind, live }) => live?.spec !== undefined && isPaused(kind, live.spec));
  if (found === undefined) return undefined;
  return stall(
    'WorkloadPaused',
    `${shown(found)} is paused, so what it says is not what runs: kubectl rollout resume ${found.kind.toLowerCase()}/${printable(found.name)} -n ${found.live?.metadata.namespace ?? ''}`,
  );
};

/** The garbage collector's own: one that is there before anybody deletes says what becomes of the pods then. */
const COLLECTOR_FINALIZERS: readonly string[] = ['orphan', 'foregroundDeletion'];

/** Under protection nobody sets one on a workload, or on what makes its pods; what is there from before would stay. */
const finalizers: TargetStep = ({ workloads, running }) => {
  const objects = [...workloads.flatMap(({ live }) => live ?? []), ...running.owned];
  for (const { kind, metadata } of objects) {
    const { name, namespace = '', finalizers: all = [] } = metadata;
    const found = all.find((each) => COLLECTOR_FINALIZERS.includes(each));
    if (found === undefined) continue;
    const patch = JSON.stringify({
      metadata: { finalizers: all.filter((each) => !COLLECTOR_FINALIZERS.includes(each)) },
    });
    const what = `${kind.toLowerCase()}/${printable(name)}`;
    return {
      ...stall(
        'FinalizerFound',
        `${shown({ kind, name })} has the finalizer ${found}${found === 'orphan' ? ', by which its pods would run on when it goes' : ''}: take it off (kubectl patch ${what} -n ${namespace} --type=merge -p '${printable(patch, 500)}'), or wait until it is deleted where somebody does that`,
      ),
      requeueAfter: LOOK_AGAIN,
    };
  }
  return undefined;
};

/** What was taken over before digests were asked for is a warning, see warnings.ts. */
const byTag: TargetStep = (world) => {
  const maker = makerOf(world);
  const adopting = onlyWarns(world) ? world.workloads : unadopted(world, world.workloads);
  for (const workload of adopting) {
    const found = tagImages(workload, world.target.spec.injected);
    if (found.length === 0) continue;
    const pods = (world.running.pods ?? []).filter(
      (pod) => maker(pod)?.live.metadata.uid === workload.live?.metadata.uid,
    );
    return stall(
      'ImageNotByDigest',
      `${shown(workload)} has images without a digest, which can change without any change here: ${shownTags(found)}. Pin what runs: ${howToPin(workload, found, pods)}`,
    );
  }
  return undefined;
};

/** Pods that would go on running beside approved content, by the very table that admission compares with. */
const foreignPods: TargetStep = (world) => {
  const lock = adoptingLock(world, unadopted(world, world.workloads));
  const maker = makerOf(world);
  const found = (world.running.pods ?? []).flatMap((pod) => {
    const made = maker(pod);
    const what =
      made === undefined
        ? 'no workload that a target names made it'
        : runningPodDifference(pod, contentsFor(world, lock, made), lock);
    return what === undefined || (made === undefined && isOfPromotion(world, pod))
      ? []
      : [`${printable(pod.metadata.name)} (${printable(what)}${advice(pod)})`];
  });
  if (found.length === 0) return undefined;
  return {
    ...stall(
      'ForeignPods',
      `the namespace runs pods that are not of the present template of a named workload: ${listOf(found)}; delete them, move them, or let the rollout finish`,
    ),
    requeueAfter: LOOK_AGAIN,
  };
};

/** What is approved; of a neighbour that is not taken over yet, what it is. */
function contentsFor({ others }: TargetWorld, lock: LockSpec, made: PresentWorkload): readonly Content[] {
  const { kind, name, live } = made;
  const approved = entriesOf(lock, made);
  const neighbour = others.find(({ spec }) => spec.workloads.some((workload) => sameWorkload(workload, made)));
  if (approved.length > 0 || neighbour === undefined || live.spec === undefined) return approved;
  return [{ ...settingsOf(neighbour), kind, name, spec: { ...approvedSpec(kind, live.spec) } }];
}

/** In the order in which a person has to see them. */
export const OBSTACLES: readonly TargetStep[] = [unnamed, paused, finalizers, byTag, rehearsal, foreignPods];

/** Nothing is taken over, and no warning becomes a refusal, while one of them is there. */
export const obstacles: TargetStep = (world) => {
  if (onlyWarns(world) || !needsInventory(world)) return undefined;
  for (const step of OBSTACLES) {
    const verdict = step(world);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
};

/** Anybody who may write its status can say that a pod is over. */
function advice({ status }: Pod): string {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
    ? `; its status says ${status.phase}, which proves nothing: delete it`
    : '';
}
