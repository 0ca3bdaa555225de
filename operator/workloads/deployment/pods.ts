import { isDeepStrictEqual } from 'node:util';
import { ReplicaSet, Deployment, type KubeObject, type Pod } from '../../kube/index.ts';
import { controllerOf } from '../owners.ts';
import { sortedPods } from '../rollout/pods.ts';
import type { Running, SortedPods } from '../rollout/types.ts';
import type { PodOrigin } from '../workload.ts';
import { revisionNumber } from './revision.ts';

/** Label by which the ReplicaSets of a Deployment tell their pods apart. */
export const HASH = 'pod-template-hash';

/** Sorts the pods that a selector matched; those of other workloads are in none of the lists. */
export function sortPods({ live, owned, pods }: Running<Deployment>): SortedPods {
  const made = new Set(
    owned
      .filter(isReplicaSet)
      .filter((set) => isOwnedBy(set, live) && hasTemplateOf(set, live))
      .map(({ metadata }) => metadata.uid),
  );
  return sortedPods(
    pods.filter((pod) => isOf(pod, live)),
    (pod) => made.has(controllerOf(pod)?.uid),
  );
}

/** The ReplicaSet that makes a Deployment's new pods: the one of its highest revision. */
function newestReplicaSet(live: Deployment, owned: readonly KubeObject[]): ReplicaSet | undefined {
  return owned
    .filter(isReplicaSet)
    .filter((set) => controllerOf(set)?.uid === live.metadata.uid)
    .toSorted((a, b) => revisionNumber(b) - revisionNumber(a))[0];
}

/** What the pods of the present template carry and belong to: nothing of it before their ReplicaSet is there. */
export function podOrigin(live: Deployment, owned: readonly KubeObject[]): PodOrigin {
  const set = newestReplicaSet(live, owned);
  const hash = set?.metadata.labels?.[HASH];
  const uid = set?.metadata.uid;
  return {
    labels: hash === undefined ? {} : { [HASH]: hash },
    owner:
      set === undefined || uid === undefined
        ? undefined
        : { apiVersion: ReplicaSet.apiVersion, kind: ReplicaSet.kind, name: set.metadata.name, uid, controller: true },
  };
}

/** Whether the ReplicaSet of the present template made the pod; false before there is one. */
export function isOfNewest(pod: Pod, live: Deployment, owned: readonly KubeObject[]): boolean {
  const newest = newestReplicaSet(live, owned);
  return newest !== undefined && controllerOf(pod)?.uid === newest.metadata.uid;
}

/** As Kubernetes itself finds the ReplicaSet of a Deployment's template: equal but for the label that it adds. */
function hasTemplateOf({ spec }: ReplicaSet, live: Deployment): boolean {
  const { template } = spec ?? {};
  if (template?.metadata === undefined) return false;
  const { [HASH]: _added, ...labels } = template.metadata.labels ?? {};
  return isDeepStrictEqual(
    { ...template, metadata: { ...template.metadata, labels } },
    live.spec?.template && {
      ...live.spec.template,
      metadata: { ...live.spec.template.metadata, labels: live.spec.template.metadata?.labels ?? {} },
    },
  );
}

/** One of its ReplicaSets made it, which may be gone already; labels alone may be shared with other workloads. */
function isOf(pod: Pod, { metadata }: Deployment): boolean {
  const owner = controllerOf(pod);
  return owner?.kind === ReplicaSet.kind && owner.name === `${metadata.name}-${pod.metadata.labels?.[HASH] ?? ''}`;
}

function isOwnedBy(set: ReplicaSet, { metadata }: Deployment): boolean {
  const owner = controllerOf(set);
  return owner?.kind === Deployment.kind && owner.name === metadata.name && owner.uid === metadata.uid;
}

function isReplicaSet(object: KubeObject): object is ReplicaSet {
  return object.kind === ReplicaSet.kind;
}
