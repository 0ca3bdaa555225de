import type { NotAdmitted } from './admitted.ts';
import type {
  ApprovalPolicy,
  ApproverKeyring,
  ProductionTarget,
  Promotion,
  PromotionReason,
  TwinEnvironment,
  WorkloadLock,
} from '../../api/index.ts';
import type { KubeObject, Pod } from '../../kube/index.ts';
import type { WorkloadKey } from '../../lock/index.ts';
import type { RecordSpec } from '../../records/index.ts';
import type { WorkloadObject } from '../../workloads/index.ts';

/** A workload of the target as the API server has it, and what the promotion would make of it. */
export interface WorkloadFacts extends WorkloadKey {
  /** Undefined when it does not exist. */
  readonly live: WorkloadObject | undefined;
  /** The API server's answer to the dry run; undefined for a workload that the promotion does not touch. */
  readonly planned?: Planned | undefined;
  /** What its selector matches; gathered while a rollout is verified. */
  readonly owned?: readonly KubeObject[] | undefined;
  readonly pods?: readonly Pod[] | undefined;
}

export type Planned =
  /** All of the workload's spec, replicas included. */
  | { readonly spec: Readonly<Record<string, unknown>> }
  | {
      readonly reason: 'NoSuchContainer' | 'NoSuchWorkload' | 'WorkloadPaused' | 'PlanRefused';
      readonly message: string;
    };

/** An object that a name should lead to, or why it does not. */
export type Resolved<T> = { readonly object: T } | { readonly missing: string };

/** All that a promotion is decided from: read at one time, plain data, no clock, no client. */
export interface World {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Local clock minus the API server's, seconds; undefined when the server could not be asked. */
  readonly skewSeconds: number | undefined;
  /** For the round that this decision may open; from the injected randomness. */
  readonly nonce: string;
  /** `uid` is kube-system's. */
  readonly cluster: { readonly name: string; readonly uid: string };
  readonly promotion: Promotion;
  readonly target: ProductionTarget | undefined;
  /** What the canary saw last in the target's namespace. */
  readonly enforcement: { readonly active: boolean; readonly message: string };
  readonly policy: Resolved<ApprovalPolicy>;
  readonly keyring: Resolved<ApproverKeyring>;
  readonly environment: TwinEnvironment | undefined;
  /** Why the environment's namespace may not be promoted from; undefined when it may. */
  readonly notAdmitted: NotAdmitted | undefined;
  readonly lock: WorkloadLock | undefined;
  /** The target's chain, in order of sequence. */
  readonly records: readonly RecordSpec[];
  /** Every workload of the target. */
  readonly workloads: readonly WorkloadFacts[];
  /** Why this very reconcile put a fallback back; only makes the record's reason more exact. */
  readonly takenBackFor?: { readonly reason: PromotionReason; readonly message: string } | undefined;
  /** What the API server answered when the content was to be applied; only makes the record's message more exact. */
  readonly refusedBy?: string | undefined;
  /** More promotions of the target are open than are looked at; undefined when this one is among the first. */
  readonly tooManyOpen?: { readonly most: number; readonly until: number } | undefined;
  /** Other promotions to the same target. */
  readonly siblings: readonly Promotion[];
}
