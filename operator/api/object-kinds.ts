/**
 * Kinds of objects beside the workloads that a target can hold: what changes only by promotion. In the order in which a
 * promotion applies them. The one list: the schemas take it from here, and `operator/objects` has a row for each.
 */
export const objectKinds = [
  'ServiceAccount',
  'ConfigMap',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'Service',
  'HorizontalPodAutoscaler',
  'Ingress',
  'HTTPRoute',
] as const;
export type ObjectKind = (typeof objectKinds)[number];

/** The API version in which each is written, compared and held. */
export const objectApiVersions = {
  ServiceAccount: 'v1',
  ConfigMap: 'v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  Service: 'v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  Ingress: 'networking.k8s.io/v1',
  HTTPRoute: 'gateway.networking.k8s.io/v1',
} as const satisfies Record<ObjectKind, string>;

/** Objects of one target, and of one promotion. The lock of a namespace holds two contents of each, and as many in all. */
export const MAX_OBJECTS = 64;

/**
 * Labels and annotations that say who applies an object, and nothing about what it does: no content, and everybody's who
 * may write the object. A final `*` stands for any end.
 */
export const bookkeepingKeys = [
  'app.kubernetes.io/managed-by',
  'applyset.kubernetes.io/*',
  'argocd.argoproj.io/*',
  'helm.toolkit.fluxcd.io/*',
  'kubectl.kubernetes.io/last-applied-configuration',
  'kustomize.toolkit.fluxcd.io/*',
  'meta.helm.sh/*',
] as const;
