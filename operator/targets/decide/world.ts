import type { ProductionTarget, WorkloadLock } from '../../api/index.ts';
import type { Deployment, Namespace, Pod, ReplicaSet } from '../../kube/index.ts';
import type { RecordSpec } from '../../records/index.ts';
import type { Enforcement } from '../canary/index.ts';
import type { WorkloadKey } from '../../lock/index.ts';

/** A workload of the namespace by kind and name, without its content. */
export interface Named {
  readonly kind: string;
  readonly name: string;
}

/** Everything in a namespace that makes pods, and the pods. */
export interface Running {
  readonly deployments: readonly Deployment[];
  /** Other kinds of apps/v1, without the ReplicaSets that Deployments control. */
  readonly others: readonly Named[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
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
  /** What runs in the namespace; read while the target is being taken over, empty afterwards. */
  readonly running: Running;
  readonly enforcement: Enforcement;
  /** Uids of the promotions that exist. */
  readonly promotions: ReadonlySet<string>;
}
