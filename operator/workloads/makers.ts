import { environmentKind } from '../api/workload-kinds.ts';
import {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
  type ResourceType,
} from '../kube/index.ts';
import { STEERING } from './deployment/revision.ts';
import { ownedTypes, workloadRows } from './table.ts';
import type { Workload } from './workload.ts';

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
  readonly madeBy?: PodMaker;
}

const deployment: PodMaker = { type: Deployment, controller: STEERING.controller, direct: false, scales: true };
const cronJob: PodMaker = { type: CronJob, controller: 'cronjob-controller', direct: false, scales: false };
const job: PodMaker = { type: Job, controller: 'job-controller', direct: true, scales: false, madeBy: cronJob };

/** In the order in which inventories and policies name them. */
export const podMakers: readonly PodMaker[] = [
  deployment,
  { type: ReplicaSet, controller: 'replicaset-controller', direct: true, scales: true, madeBy: deployment },
  { type: StatefulSet, controller: 'statefulset-controller', direct: true, scales: true },
  { type: DaemonSet, controller: 'daemon-set-controller', direct: true, scales: false },
  job,
  cronJob,
  { type: ReplicationController, controller: 'replication-controller', direct: true, scales: true },
];

const rowOf = ({ type }: PodMaker): Workload | undefined => workloadRows.find(([kind]) => kind === type.kind)?.[1];

/** Those that targets can name, of whose pods admission knows the template. */
export const appWorkloads = podMakers.filter((maker) => rowOf(maker) !== undefined);
/** Those that Kubernetes makes from them. */
export const appMade = podMakers.filter(({ madeBy }) => madeBy !== undefined && appWorkloads.includes(madeBy));
/** All of them. */
export const appMakers = podMakers.filter((maker) => appWorkloads.includes(maker) || appMade.includes(maker));
/** Those whose pods stay until others take their place. */
export const lastingWorkloads = appWorkloads.filter((maker) => rowOf(maker)?.lasting === true);
/** Those that make Jobs at their times. */
export const jobWorkloads = appWorkloads.filter((maker) => !lastingWorkloads.includes(maker));
/** What those make: it runs once. */
export const jobMaker: PodMaker = job;

/** Those that no target can name, and that nothing that it can name makes: an inventory asks for them. */
export const unnameableMakers = podMakers.filter(
  ({ type }) => !workloadRows.some(([kind]) => kind === type.kind) && !ownedTypes.includes(type),
);

/** What environments and the operator itself run as, and what makes the pods of it. */
export const ownMakers = podMakers.filter(({ type, madeBy }) =>
  [type.kind, madeBy?.type.kind].includes(environmentKind),
);

/** What revisions of StatefulSets and DaemonSets are kept in. */
export const REVISION: ResourceType = ControllerRevision;

/** Whether objects of this kind end in pods, by themselves or through what they make; false for unknown kinds. */
export function makesPods(kind: string): boolean {
  return podMakers.some(({ type }) => type.kind === kind);
}

/** The kind of workload that makes objects of this kind; undefined where people write them, or none makes pods. */
export function madeByKind(kind: string): string | undefined {
  return podMakers.find(({ type }) => type.kind === kind)?.madeBy?.type.kind;
}

/** Names of the resources, or of a subresource of each. */
export function resourcesOf(makers: readonly PodMaker[], subresource?: string): readonly string[] {
  return makers.map(({ type }) => (subresource === undefined ? type.plural : `${type.plural}/${subresource}`));
}

/** Accounts in kube-system that run these kinds, by their short names, in the same order. */
export function controllersOf(makers: readonly PodMaker[]): readonly string[] {
  return makers.map(({ controller }) => controller);
}

/** Their kinds as a list in a sentence. */
export function inWords(makers: readonly PodMaker[], last: 'and' | 'or', plural = ''): string {
  const kinds = makers.map(({ type }) => `${type.kind}${plural}`);
  return [kinds.slice(0, -1).join(', '), kinds.at(-1)].filter((part) => part !== '').join(` ${last} `);
}

/** RBAC rules with these verbs on kinds, or on a subresource of each: one rule for each API group. */
export function rightsOn<Verb extends string>(
  types: readonly ResourceType[],
  verbs: readonly Verb[],
  subresource?: string,
): readonly {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly Verb[];
}[] {
  return [...new Set(types.map(({ group }) => group))].map((group) => ({
    apiGroups: [group],
    resources: types
      .filter((type) => type.group === group)
      .map(({ plural }) => (subresource === undefined ? plural : `${plural}/${subresource}`)),
    verbs,
  }));
}
