import type {
  V1ConfigMap,
  V1Endpoints,
  V1LimitRange,
  V1Namespace,
  V1Node,
  V1PersistentVolumeClaim,
  V1Pod,
  V1ResourceQuota,
  V1Secret,
  V1Service,
  V1ServiceAccount,
} from '@kubernetes/client-node';
import { resourceType } from './resource-type.ts';
import type { ObjectFrom } from './wire.ts';

export type Namespace = ObjectFrom<V1Namespace>;
export const Namespace = resourceType<Namespace>({
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
});

export type Node = ObjectFrom<V1Node>;
export const Node = resourceType<Node>({
  apiVersion: 'v1',
  kind: 'Node',
  plural: 'nodes',
  namespaced: false,
});

export type Pod = ObjectFrom<V1Pod>;
export const Pod = resourceType<Pod>({
  apiVersion: 'v1',
  kind: 'Pod',
  plural: 'pods',
  namespaced: true,
});

export type Service = ObjectFrom<V1Service>;
export const Service = resourceType<Service>({
  apiVersion: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
});

export type ConfigMap = ObjectFrom<V1ConfigMap>;
export const ConfigMap = resourceType<ConfigMap>({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
});

export type Secret = ObjectFrom<V1Secret>;
export const Secret = resourceType<Secret>({
  apiVersion: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
});

export type PersistentVolumeClaim = ObjectFrom<V1PersistentVolumeClaim>;
export const PersistentVolumeClaim = resourceType<PersistentVolumeClaim>({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  namespaced: true,
});

export type ServiceAccount = ObjectFrom<V1ServiceAccount>;
export const ServiceAccount = resourceType<ServiceAccount>({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
});

export type ResourceQuota = ObjectFrom<V1ResourceQuota>;
export const ResourceQuota = resourceType<ResourceQuota>({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
});

export type LimitRange = ObjectFrom<V1LimitRange>;
export const LimitRange = resourceType<LimitRange>({
  apiVersion: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  namespaced: true,
});

export type Endpoints = ObjectFrom<V1Endpoints>;
export const Endpoints = resourceType<Endpoints>({
  apiVersion: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  namespaced: true,
});
