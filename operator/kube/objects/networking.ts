import type { V1EndpointSlice, V1Ingress, V1NetworkPolicy } from '@kubernetes/client-node';
import { resourceType } from './resource-type.ts';
import type { ObjectFrom } from './wire.ts';

export type EndpointSlice = ObjectFrom<V1EndpointSlice>;
export const EndpointSlice = resourceType<EndpointSlice>({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
});

export type NetworkPolicy = ObjectFrom<V1NetworkPolicy>;
export const NetworkPolicy = resourceType<NetworkPolicy>({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  namespaced: true,
});

export type Ingress = ObjectFrom<V1Ingress>;
export const Ingress = resourceType<Ingress>({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  plural: 'ingresses',
  namespaced: true,
});
