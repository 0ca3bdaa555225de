import type { ObjectKind } from '../api/index.ts';
import {
  ConfigMap,
  HorizontalPodAutoscaler,
  HTTPRoute,
  Ingress,
  NetworkPolicy,
  PodDisruptionBudget,
  Service,
  ServiceAccount,
  type ResourceType,
} from '../kube/index.ts';

/** What is known of each kind of object; a missing row does not compile. */
const rows: Readonly<Record<ObjectKind, ResourceType>> = {
  ServiceAccount,
  ConfigMap,
  NetworkPolicy,
  PodDisruptionBudget,
  Service,
  HorizontalPodAutoscaler,
  Ingress,
  HTTPRoute,
};

/** Where the API server serves a kind of object. */
export function objectType(kind: ObjectKind): ResourceType {
  return rows[kind];
}

/** All of them. */
export const objectTypes: readonly ResourceType[] = Object.values(rows);
