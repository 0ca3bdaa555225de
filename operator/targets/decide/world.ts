import type { ProductionTarget, WorkloadLock } from '../../api/index.ts';
import type { Deployment, Namespace, Pod } from '../../kube/index.ts';
import type { RecordSpec } from '../../promotions/records/index.ts';
import type { Enforcement } from '../canary/index.ts';
import type { WorkloadKey } from '../lock/index.ts';

/** A workload of the namespace by kind and name, without its content. */
export interface Named {
  readonly kind: string;
  readonly name: string;
}

/** All that a target is decided from: read at one time, plain data. */
export interface TargetWorld {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly target: ProductionTarget;
  /** Every other target of the namespace that is not being deleted. */
  readonly others: readonly ProductionTarget[];
  readonly namespace: Namespace | undefined;
  readonly lock: WorkloadLock | undefined;
  readonly records: readonly RecordSpec[];
  /** The target's workloads, as they are live. */
  readonly workloads: readonly (WorkloadKey & { readonly live: Deployment | undefined })[];
  /** Everything of apps/v1 in the namespace that nothing else controls. */
  readonly inNamespace: readonly Named[];
  /** Pods that nothing controls, and that are not over. */
  readonly barePods: readonly Pod[];
  readonly enforcement: Enforcement;
  /** Uids of the promotions that exist. */
  readonly promotions: ReadonlySet<string>;
}
