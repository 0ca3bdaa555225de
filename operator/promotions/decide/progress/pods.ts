import { isDeepStrictEqual } from 'node:util';
import type { Deployment, Pod, ReplicaSet } from '../../../kube/index.ts';

const HASH = 'pod-template-hash';

/** What runs of a Deployment, as the API server has it. */
export interface Running {
  readonly deployment: Deployment;
  /** Those that its selector matches, others' among them. */
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
}

/** Pods of a Deployment, told apart by the template that made them; each list in the order of names. */
export interface SortedPods {
  /** Of the present template, and not on their way out. */
  readonly fresh: readonly Pod[];
  /** Of another template, and not on their way out. */
  readonly old: readonly Pod[];
  /** Of another template, on their way out: they serve nobody and stand in nobody's way but for the room they take. */
  readonly leaving: readonly Pod[];
}

/** Sorts the pods that a selector matched; those of other workloads are in none of the lists. */
export function sortPods({ deployment, replicaSets, pods }: Running): SortedPods {
  const made = new Set(
    replicaSets
      .filter((set) => isOwnedBy(set, deployment) && hasTemplateOf(set, deployment))
      .map(({ metadata }) => metadata.uid),
  );
  const own = pods.filter((pod) => isOf(pod, deployment)).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const isFresh = (pod: Pod): boolean => made.has(controllerOf(pod)?.uid);
  return {
    fresh: own.filter((pod) => isFresh(pod) && !leaves(pod)),
    old: own.filter((pod) => !isFresh(pod) && !leaves(pod)),
    leaving: own.filter((pod) => !isFresh(pod) && leaves(pod)),
  };
}

export function isReady(pod: Pod): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True';
}

export function conditionOf(
  { status }: Pod,
  type: string,
): NonNullable<NonNullable<Pod['status']>['conditions']>[number] | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function nameOf({ metadata }: Pod): string {
  return metadata.name;
}

function leaves({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** As Kubernetes itself finds the ReplicaSet of a Deployment's template: equal but for the label that it adds. */
function hasTemplateOf({ spec }: ReplicaSet, deployment: Deployment): boolean {
  const { template } = spec ?? {};
  if (template?.metadata === undefined) return false;
  const { [HASH]: _added, ...labels } = template.metadata.labels ?? {};
  return isDeepStrictEqual(
    { ...template, metadata: { ...template.metadata, labels } },
    deployment.spec?.template && {
      ...deployment.spec.template,
      metadata: { ...deployment.spec.template.metadata, labels: deployment.spec.template.metadata?.labels ?? {} },
    },
  );
}

/** One of its ReplicaSets made it, which may be gone already; labels alone may be shared with other workloads. */
function isOf(pod: Pod, { metadata }: Deployment): boolean {
  const owner = controllerOf(pod);
  return owner?.kind === 'ReplicaSet' && owner.name === `${metadata.name}-${pod.metadata.labels?.[HASH] ?? ''}`;
}

function isOwnedBy(set: ReplicaSet, { metadata }: Deployment): boolean {
  const owner = controllerOf(set);
  return owner?.kind === 'Deployment' && owner.name === metadata.name && owner.uid === metadata.uid;
}

function controllerOf({ metadata }: Pod | ReplicaSet) {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}
