import type { BindingSource, ServiceMode } from '../plan/services.ts';

/** A variable of a container that a binding speaks about. */
export interface Variable {
  readonly workload: string;
  readonly container: string;
  readonly env: string;
  readonly value: string;
}

/** A binding of one workload with what its service says about it. */
export interface WorkloadBinding {
  readonly service: string;
  readonly mode: ServiceMode;
  readonly env: string;
  readonly source: BindingSource;
  /** What the variable is set to; undefined for Real and Disabled, where it stays unset. */
  readonly value: string | undefined;
}
