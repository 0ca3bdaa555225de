import type { Deployment, KubeObject } from '../kube/index.ts';

export type Spec = Readonly<Record<string, unknown>>;

/** A workload of any kind as the API server has it; what its spec and status mean, the row of its kind knows. */
export interface WorkloadObject extends KubeObject {
  readonly spec?: Spec | undefined;
  readonly status?: unknown;
}

/** `PodTemplateSpec`, the same in every kind. */
export type PodTemplate = NonNullable<Deployment['spec']>['template'];
