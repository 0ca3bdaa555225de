import { ControllerRevision, type KubeObject, type Pod } from '../kube/index.ts';
import type { WorkloadObject } from './object.ts';
import { controllerOf } from './owners.ts';
import { sortedPods } from './rollout/pods.ts';
import type { Running, SortedPods } from './rollout/types.ts';
import type { PodOrigin } from './workload.ts';

/** Label of pods that names the ControllerRevision of their template. */
export const HASH = 'controller-revision-hash';

/** What a kind writes into that label for a revision. */
export type HashOf = (revision: ControllerRevision) => string | undefined;

/** As the controller numbers them: content that comes back gets the highest number again. */
export function revision(live: WorkloadObject, owned: readonly KubeObject[]): string | undefined {
  const newest = newestOf(live, owned);
  return newest === undefined ? undefined : String(newest.revision);
}

/** The controller makes the pods itself. */
export function podOrigin(live: WorkloadObject, owned: readonly KubeObject[], hashOf: HashOf): PodOrigin {
  const hash = newestHash(live, owned, hashOf);
  const { apiVersion, kind } = live;
  const { name, uid } = live.metadata;
  return {
    labels: hash === undefined ? {} : { [HASH]: hash },
    owner: uid === undefined ? undefined : { apiVersion, kind, name, uid, controller: true },
  };
}

/** Whether a pod of the workload was made from its newest revision; false while no revision is known. */
export function isOfNewest(pod: Pod, live: WorkloadObject, owned: readonly KubeObject[], hashOf: HashOf): boolean {
  const hash = newestHash(live, owned, hashOf);
  return hash !== undefined && isOf(pod, live) && pod.metadata.labels?.[HASH] === hash;
}

/** Sorts the pods that a selector matched; those of other workloads are in none of the lists. */
export function sortPods({ live, owned, pods }: Running, hashOf: HashOf): SortedPods {
  return sortedPods(
    pods.filter((pod) => isOf(pod, live)),
    (pod) => isOfNewest(pod, live, owned, hashOf),
  );
}

function newestHash(live: WorkloadObject, owned: readonly KubeObject[], hashOf: HashOf): string | undefined {
  const newest = newestOf(live, owned);
  return newest === undefined ? undefined : hashOf(newest);
}

function newestOf(live: WorkloadObject, owned: readonly KubeObject[]): ControllerRevision | undefined {
  return owned
    .filter(isRevision)
    .filter((object) => isOf(object, live))
    .toSorted((a, b) => b.revision - a.revision)[0];
}

/** By uid: names and labels that merely look right are anybody's to write. */
function isOf(object: KubeObject, { metadata: { uid } }: WorkloadObject): boolean {
  return uid !== undefined && controllerOf(object)?.uid === uid;
}

function isRevision(object: KubeObject): object is ControllerRevision {
  return object.kind === ControllerRevision.kind;
}
