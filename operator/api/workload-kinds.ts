/**
 * Kinds of production workloads that the lock can hold. The one list: the schemas take it from here, and
 * `operator/workloads` has a row for each.
 */
export const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'] as const;
export type WorkloadKind = (typeof workloadKinds)[number];

/** Workloads of one target, and of one promotion. The lock of a namespace holds two contents of each, and as many in all. */
export const MAX_WORKLOADS = 64;

/** Those that make Jobs: their pod template is in the template of those. */
export const jobMakers = ['CronJob'] as const satisfies readonly WorkloadKind[];

/** Jobs of one promotion before the rollout, and after it. */
export const MAX_JOBS = 8;

/** The API version in which each is written, compared and held. */
export const workloadApiVersions = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  CronJob: 'batch/v1',
} as const satisfies Record<WorkloadKind, string>;

/** Kinds beside those whose pods would be production's: their templates are no objects of a target. */
export const makersOfPods = ['Pod', 'PodTemplate', 'ReplicaSet', 'ReplicationController', 'Job'] as const;

/** Annotations that the deployment controller keeps on Deployments and their ReplicaSets, and is steered by. */
export const deploymentAnnotations = {
  /** What they start with: revision, history, and the sizes that scaling in mid-rollout is computed from. */
  prefix: 'deployment.kubernetes.io/',
  /** Makes the controller put back a former template, again and again where the lock refuses that. */
  rollbackTo: 'deprecated.deployment.rollback.to',
} as const;

/**
 * What annotations start with that Kubernetes' own controllers keep on workloads, or that make an old one roll back by
 * itself: no manifest's business.
 */
export const controllersAnnotations = [deploymentAnnotations.prefix, deploymentAnnotations.rollbackTo] as const;

/** What twins and the boundary of an environment run as, and its workloads where nothing else is said. */
export const environmentKind = 'Deployment' satisfies WorkloadKind;

/** Whose pods keep their names, and with them what they stored. */
export const environmentStateKind = 'StatefulSet' satisfies WorkloadKind;

/** What workloads of an environment can run as, whatever production has; `operator/workloads` has a row for each. */
export const environmentKinds = [environmentKind, environmentStateKind, 'Job'] as const;
export type EnvironmentKind = (typeof environmentKinds)[number];
