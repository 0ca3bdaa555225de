import type { V1PodDisruptionBudget, V2HorizontalPodAutoscaler } from '@kubernetes/client-node';
import type { KubeObject } from './object.ts';
import { resourceType } from './resource-type.ts';
import type { ObjectFrom } from './wire.ts';

export type HorizontalPodAutoscaler = ObjectFrom<V2HorizontalPodAutoscaler>;
export const HorizontalPodAutoscaler = resourceType<HorizontalPodAutoscaler>({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  namespaced: true,
});

export type PodDisruptionBudget = ObjectFrom<V1PodDisruptionBudget>;
export const PodDisruptionBudget = resourceType<PodDisruptionBudget>({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  namespaced: true,
});

/** Of the Gateway API, which a cluster need not have. */
export const HTTPRoute = resourceType<KubeObject>({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  plural: 'httproutes',
  namespaced: true,
});
