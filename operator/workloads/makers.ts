import {
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
  type ResourceType,
} from '../kube/index.ts';

/** What Kubernetes has that makes pods, whether a target can name it or not: admission and inventories look at all of it. */
export interface PodMaker {
  readonly type: ResourceType;
  /** Account of its controller in kube-system, by its short name: it writes the status, and makes what this owns. */
  readonly controller: string;
  /** It makes pods itself; the others make what makes them. */
  readonly direct: boolean;
  /** It has the subresource scale. */
  readonly scales: boolean;
  /** What makes it, where that is another of these; what nobody made is somebody's own. */
  readonly madeBy?: ResourceType;
}

/** In the order in which an inventory and the policies name them. */
export const podMakers: readonly PodMaker[] = [
  { type: Deployment, controller: 'deployment-controller', direct: false, scales: true },
  { type: ReplicaSet, controller: 'replicaset-controller', direct: true, scales: true, madeBy: Deployment },
  { type: StatefulSet, controller: 'statefulset-controller', direct: true, scales: true },
  { type: DaemonSet, controller: 'daemon-set-controller', direct: true, scales: false },
  { type: Job, controller: 'job-controller', direct: true, scales: false, madeBy: CronJob },
  { type: CronJob, controller: 'cronjob-controller', direct: false, scales: false },
  { type: ReplicationController, controller: 'replication-controller', direct: true, scales: true },
];

/** Those of `apps/v1`, of whose pods admission knows the template. */
export const appMakers = podMakers.filter(({ type }) => type.group === 'apps');

/** Those that people write; Kubernetes makes the others from them. */
export const appWorkloads = appMakers.filter(({ madeBy }) => madeBy === undefined);

/** What revisions of StatefulSets and DaemonSets are kept in. */
export const REVISIONS = 'controllerrevisions';

export function makerOfKind(kind: string): PodMaker | undefined {
  return podMakers.find(({ type }) => type.kind === kind);
}

/** Names of the resources, or of a subresource of each. */
export function resourcesOf(makers: readonly PodMaker[], subresource?: string): readonly string[] {
  return makers.map(({ type }) => (subresource === undefined ? type.plural : `${type.plural}/${subresource}`));
}

export function controllersOf(makers: readonly PodMaker[]): readonly string[] {
  return makers.map(({ controller }) => controller);
}
