import type {
  ApprovalPolicy,
  ApproverKeyring,
  ProductionTarget,
  Promotion,
  PromotionReason,
  TwinClass,
  TwinEnvironment,
  WorkloadLock,
} from '../../api/index.ts';
import type { Job, KubeObject, Pod } from '../../kube/index.ts';
import type { WorkloadKey } from '../../lock/index.ts';
import type { ObjectState } from '../../lock/index.ts';
import type { ObjectKey } from '../../objects/index.ts';
import type { PromotionHistory, RecordSpec } from '../../records/index.ts';
import type { ConfigurationKey, WorkloadObject } from '../../workloads/index.ts';
import type { Planned, PlannedSpec, PlanRefusal, WantedJob } from './plan/index.ts';
import type { Stage } from './stage.ts';

/** A workload of the target as the API server has it. */
export interface LiveWorkload extends WorkloadKey {
  /** Undefined when it does not exist. */
  readonly live: WorkloadObject | undefined;
  /** What it owns, of the kinds that tell its revision, or lead to its pods where it is rolled out. */
  readonly owned?: readonly KubeObject[] | undefined;
}

/** The same, and what the promotion would make of it. */
export interface PlannedWorkload extends LiveWorkload {
  /** The API server's answer to the dry run; undefined for a workload that the promotion does not touch. */
  readonly planned?: Planned | undefined;
}

/** The same, and what runs of it: of those that are rolled out. */
export interface RunningWorkload extends LiveWorkload {
  /** What its selector matches. */
  readonly pods?: readonly Pod[] | undefined;
}

/** An object beside the workloads, of those that the promotion brings or takes away, as the API server has it. */
export interface LiveObject extends ObjectKey {
  /** Undefined when it does not exist. */
  readonly live: KubeObject | undefined;
}

/** The same, and what the promotion would make of it. */
export interface PlannedObject extends LiveObject {
  /** Undefined while it was not asked for. */
  readonly planned?: { readonly state: ObjectState } | PlanRefusal | undefined;
}

/** A Job of the promotion. */
export interface LiveJob extends WantedJob {
  /** Undefined when it does not exist, or nobody asked because nothing is approved. */
  readonly live?: Job | undefined;
  readonly pods?: readonly Pod[] | undefined;
}

/** The same, and what the API server would store. */
export interface PlannedJob extends LiveJob {
  /** Undefined while it was not asked for. */
  readonly planned?: PlannedSpec | undefined;
}

/** What says which content an object holds. */
export interface ContentDigest {
  readonly digest: string;
  /** Of a Secret: which key it was digested with. */
  readonly key?: string | undefined;
}

/** A ConfigMap or Secret that planned contents refer to. */
export interface FoundConfiguration extends ConfigurationKey {
  /** `Ending`: it is being deleted. */
  readonly state: ContentDigest | 'Absent' | 'Ending';
}

/** An object that a name should lead to, or why it does not. */
export type Resolved<T> =
  | { readonly object: T }
  | {
      readonly missing: string;
      /** Why it does not count though it may be there. */
      readonly because?: string | undefined;
    };

/** `uid` is kube-system's. */
export interface ClusterIdentity {
  readonly name: string;
  readonly uid: string;
}

/** Why something could not be done or decided. */
export interface Cause {
  readonly reason: PromotionReason;
  readonly message: string;
}

/** What is known of a promotion without a single request. */
export interface Known {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly promotion: Promotion;
  /** The target's chain, in order of sequence. */
  readonly records: readonly RecordSpec[];
  readonly history: PromotionHistory;
}

/** A promotion that is over: nothing that could be read would change it. */
export interface OverWorld extends Known {
  readonly stage: 'Over';
  readonly ended: RecordSpec;
}

/** How many come before it, and until when at the latest that holds, milliseconds since the epoch. */
export interface Behind {
  readonly most: number;
  readonly until: number;
}

/** One that others of its target come before; it costs no request. */
export interface QueuedWorld extends Known {
  readonly stage: 'Queued';
  readonly behind: Behind;
}

/** One whose world could not be read or judged, and that is not over, see `unreadable`. */
export interface UnreadableWorld extends Known {
  readonly stage: 'Unreadable';
  readonly because: Cause;
}

/** All that it is decided from whether people are asked, and whether what they said opens the lock. */
export interface DecidingWorld extends Known {
  readonly stage: 'Deciding';
  /** Local clock minus the API server's, seconds. */
  readonly skewSeconds: number;
  /** For the round that this decision may open; from the injected randomness. */
  readonly nonce: string;
  readonly cluster: ClusterIdentity;
  readonly target: ProductionTarget | undefined;
  /** What the canary saw last in the target's namespace. */
  readonly enforcement: { readonly active: boolean; readonly message: string };
  /** Where no target names one, and there is none that is the default or too many: how many. `missing` is a name. */
  readonly policy: Resolved<ApprovalPolicy> | { readonly defaults: number };
  readonly keyring: Resolved<ApproverKeyring>;
  readonly environment: TwinEnvironment | undefined;
  /** Labels of the environment's namespace; undefined when it does not exist. */
  readonly namespaceLabels: Readonly<Record<string, string>> | undefined;
  readonly classes: readonly TwinClass[];
  readonly lock: WorkloadLock | undefined;
  /** Every workload of the target. */
  readonly workloads: readonly PlannedWorkload[];
  /** What the promotion brings or takes away beside them. */
  readonly objects: readonly PlannedObject[];
  /** What runs before and after. */
  readonly jobs: readonly PlannedJob[];
  /** What the planned contents refer to, read after the lock. */
  readonly configuration: readonly FoundConfiguration[];
  /** Other promotions to the same target. */
  readonly siblings: readonly Promotion[];
  /** Uids of the other promotions in the namespace that the same person asked for. */
  readonly sameRequester: readonly string[];
}

/** All that a rollout whose lock is open is decided from. */
export interface RollingWorld extends Known {
  readonly stage: 'RollingOut';
  readonly approved: RecordSpec;
  readonly round: RecordSpec;
  readonly target: ProductionTarget | undefined;
  readonly lock: WorkloadLock;
  /** Every workload of the target. */
  readonly workloads: readonly RunningWorkload[];
  /** What was signed beside them. */
  readonly objects: readonly LiveObject[];
  readonly jobs: readonly LiveJob[];
  /** Why this very reconcile put a fallback back; only makes the record's reason more exact. */
  readonly takenBackFor?: Cause | undefined;
  /** When that was, milliseconds since the epoch: what follows from it is waited for from then. */
  readonly takenBackAt?: number | undefined;
  /** What the API server answers to that, and since when. */
  readonly backRefused?: { readonly since: number; readonly answer: string } | undefined;
  /** What the API server answered when the content was to be applied; only makes the record's message more exact. */
  readonly refusedBy?: string | undefined;
}

/** A promotion in one of its stages, with what that stage needs: read at one time, plain data, no clock, no client. */
export type World = OverWorld | QueuedWorld | UnreadableWorld | DecidingWorld | RollingWorld;

/** In which something may have to be done. */
export type ActingWorld = DecidingWorld | RollingWorld;

/** The stages that a read serves. */
export type LiveStage = Exclude<Stage['stage'], 'Over'>;
