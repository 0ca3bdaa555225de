import type {
  V1ControllerRevision,
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1ReplicaSet,
  V1ReplicationController,
  V1StatefulSet,
} from '@kubernetes/client-node';
import { resourceType } from './resource-type.ts';
import type { ObjectFrom } from './wire.ts';

export type Deployment = ObjectFrom<V1Deployment>;
export const Deployment = resourceType<Deployment>({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
});

export type ReplicaSet = ObjectFrom<V1ReplicaSet>;
export const ReplicaSet = resourceType<ReplicaSet>({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  namespaced: true,
});

export type StatefulSet = ObjectFrom<V1StatefulSet>;
export const StatefulSet = resourceType<StatefulSet>({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  namespaced: true,
});

export type DaemonSet = ObjectFrom<V1DaemonSet>;
export const DaemonSet = resourceType<DaemonSet>({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  namespaced: true,
});

/** What a StatefulSet or a DaemonSet had as its template. */
export type ControllerRevision = ObjectFrom<V1ControllerRevision>;
export const ControllerRevision = resourceType<ControllerRevision>({
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
});

export type Job = ObjectFrom<V1Job>;
export const Job = resourceType<Job>({
  apiVersion: 'batch/v1',
  kind: 'Job',
  plural: 'jobs',
  namespaced: true,
});

export type CronJob = ObjectFrom<V1CronJob>;
export const CronJob = resourceType<CronJob>({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  namespaced: true,
});

export type ReplicationController = ObjectFrom<V1ReplicationController>;
export const ReplicationController = resourceType<ReplicationController>({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  namespaced: true,
});
