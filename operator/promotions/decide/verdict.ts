import type { Members } from '../../canonical/index.ts';
import type { LockSpec, WorkloadKey } from '../../lock/index.ts';
import type { ObjectKey } from '../../objects/index.ts';
import type { PromotionReason, PromotionStatus } from '../../api/index.ts';
import type { RecordEntry } from '../../records/index.ts';

export type Phase = NonNullable<PromotionStatus['phase']>;

/** One write. After each one the world is read again and decided anew, so that a kill between two changes nothing. */
export type Action =
  /** Appends to the target's chain; whoever appends first wins. */
  | { readonly do: 'Append'; readonly entry: RecordEntry }
  /** Replaces the lock, provided that it is still the one that was read: it holds more names, and opens for nothing. */
  | { readonly do: 'Freeze'; readonly lock: LockSpec }
  /** Replaces the lock, provided that it is still the one that was read; then applies what it was opened for. */
  | { readonly do: 'OpenLock'; readonly lock: LockSpec; readonly apply: readonly (ApplyAction | ObjectAction)[] }
  /** Replaces the lock: it is open for a Job, or is not any more. */
  | { readonly do: 'SetJobs'; readonly lock: LockSpec }
  /** Makes a Job that the lock is open for. */
  | { readonly do: 'RunJob'; readonly name: string; readonly spec: Members }
  /** Deletes one that did not end in its time, and its pods. */
  | { readonly do: 'StopJob'; readonly name: string; readonly uid: string }
  | ApplyAction
  | ObjectAction
  /**
   * Replaces the lock: what a creation that is taken back has made may be deleted from then on, and what others apply is
   * applied no more.
   */
  | { readonly do: 'CloseLock'; readonly lock: LockSpec }
  /** Lets whoever applies what was signed delete a workload that leaves, or no longer. */
  | { readonly do: 'Mark'; readonly workload: WorkloadKey; readonly removable: boolean }
  /** Gives the fields that this process set to who applies the object, so that they can take them away. */
  | { readonly do: 'HandOver'; readonly of: { readonly kind: string; readonly name: string } }
  /** Deletes a workload that leaves, and waits for its pods. */
  | { readonly do: 'Remove'; readonly workload: WorkloadKey; readonly uid: string }
  /** Deletes pods for which the workload's controller waits instead of putting the fallback back. */
  | { readonly do: 'DeletePods'; readonly workload: WorkloadKey; readonly pods: readonly StuckPod[] };

export interface StuckPod {
  readonly name: string;
  /** Its namesake of the fallback is another one. */
  readonly uid: string;
}

/** Replaces the workload's spec, replicas kept, provided that it is still the one that was read; or makes it. */
export interface ApplyAction {
  readonly do: 'Apply' | 'RollBack';
  /** It does not exist, and starts so. */
  readonly create?: { readonly replicas?: number | undefined; readonly suspend?: boolean | undefined } | undefined;
  readonly workload: WorkloadKey;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Makes the object, replaces its content, or takes it away, provided that it is still the one that was read. */
export interface ObjectAction {
  readonly do: 'ApplyObject' | 'RollBackObject';
  readonly object: ObjectKey;
  /** Undefined: it goes. */
  readonly content: Members | undefined;
}

/** How far one workload is with the rollout. */
export interface WorkloadState extends WorkloadKey {
  readonly state: 'Pending' | 'Applied' | 'Available' | 'Removed' | 'Failed' | 'RolledBack';
  readonly message: string;
}

/** The same of an object beside the workloads. */
export interface ObjectRollout extends ObjectKey {
  readonly state: 'Pending' | 'Applied' | 'Removed' | 'Failed' | 'RolledBack';
  readonly message: string;
}

/** Where a promotion stands and what is done next. */
export interface Verdict {
  readonly phase: Phase;
  readonly reason: PromotionReason;
  readonly message: string;
  /** What it waits for, who can act, and the command. */
  readonly why?: readonly string[] | undefined;
  /** Nothing will change until somebody repairs something. */
  readonly stalled?: boolean | undefined;
  readonly action?: Action | undefined;
  /** While it is rolled out. */
  readonly rollout?:
    | {
        readonly workloads: readonly WorkloadState[];
        readonly objects: readonly ObjectRollout[];
        /** Milliseconds since the epoch, where others apply: when all of it had arrived. */
        readonly appliedAt?: number | undefined;
        /** Milliseconds since the epoch: old pods may take the room of new ones until then. */
        readonly drainsUntil?: number | undefined;
      }
    | undefined;
  /** Milliseconds until time itself changes the verdict. */
  readonly requeueAfter?: number | undefined;
}

/** It cannot go on until somebody acts. */
export function stall(reason: PromotionReason, message: string, requeueAfter?: number): Verdict {
  return { phase: 'Pending', reason, message, why: [message], stalled: true, requeueAfter };
}

/** It goes on by itself. */
export function pending(reason: PromotionReason, message: string): Verdict {
  return { phase: 'Pending', reason, message, why: [message] };
}

/** What keeps promotions from production now. */
export interface Held {
  readonly reason: 'Held' | 'WindowClosed';
  /** A line for each hold: who holds production and why, who lets go, and when it lets go by itself. */
  readonly why: readonly [string, ...string[]];
  /** Milliseconds until the first of them ends by itself; infinite when none does. */
  readonly endsIn: number;
}
