import type { KubeObject, Pod } from '../../kube/index.ts';
import type { WorkloadObject } from '../object.ts';

/** Why a rollout does not go on. */
export type ProgressReason = 'WorkloadPaused' | 'CrashLooping' | 'ProgressDeadlineExceeded';

/** How far a workload is with the spec that it has. Times in milliseconds since the epoch. */
export type Progress =
  | { readonly state: 'Complete' }
  /** All of it is available since then, and has to stay so until then. */
  | { readonly state: 'Settling'; readonly since: number; readonly until: number; readonly message: string }
  | {
      readonly state: 'Progressing';
      readonly reason?: ProgressReason | undefined;
      readonly message: string;
      /** Until then old pods may take the room of new ones, so that no deadline runs before. */
      readonly drainsUntil?: number | undefined;
    }
  | { readonly state: 'Failed'; readonly reason: ProgressReason; readonly message: string };

/** What a workload's own status says of its pods, in one form for every kind. */
export interface Standing {
  /** Its controller has seen the spec that it has. */
  readonly observed: boolean;
  /** Pods that its spec asks for. */
  readonly wanted: number;
  /** Pods that there are. */
  readonly present: number;
  /** Those of the present template among them. */
  readonly updated: number;
  /** Why its controller cannot make pods, in the controller's words. */
  readonly failure: string | undefined;
  /** When its rollout went on last, milliseconds since the epoch; undefined where the kind does not say. */
  readonly movedAt: number | undefined;
}

/** What runs of a workload, as the API server has it. */
export interface Running<T extends WorkloadObject = WorkloadObject> {
  readonly live: T;
  /** Of the kinds that its row says it owns; others' may be among them. */
  readonly owned: readonly KubeObject[];
  readonly pods: readonly Pod[];
}

export interface ProgressInput<T extends WorkloadObject = WorkloadObject> extends Running<T> {
  readonly now: number;
  /** When the rollout began. */
  readonly began: number;
  /** Milliseconds for which new pods have to stay available without a restart. */
  readonly settle: number;
  /** What earlier looks knew of pods that are gone by now. */
  readonly drainedUntil?: number | undefined;
}

/** Pods of a workload, told apart by the template that made them; each list in the order of names. */
export interface SortedPods {
  /** Of the present template, and not on their way out. */
  readonly fresh: readonly Pod[];
  /** Of another template, and not on their way out. */
  readonly old: readonly Pod[];
  /** Of another template, on their way out: they serve nobody and stand in nobody's way but for the room they take. */
  readonly leaving: readonly Pod[];
}

/** Progress that goes on, in words; what drains or hinders is said beside it. */
export type Waiting = (message: string) => Progress;
