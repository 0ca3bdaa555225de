import type { ProductionTarget, WorkloadLock } from '../../api/index.ts';
import type { KubeObject, Namespace, Pod } from '../../kube/index.ts';
import type { RecordSpec } from '../../records/index.ts';
import type { Enforcement } from '../canary/index.ts';
import type { LockSpec, WorkloadKey } from '../../lock/index.ts';
import type { ObjectKey } from '../../objects/index.ts';
import type { Standing } from '../../trust/index.ts';
import type { WorkloadObject } from '../../workloads/index.ts';

/** A workload of the namespace by kind and name, without its content. */
export interface Named {
  readonly kind: string;
  readonly name: string;
}

/** Everything in a namespace that makes pods, and the pods. */
export interface Running {
  /** Of the kinds that a target can name, named or not. */
  readonly workloads: readonly PresentWorkload[];
  /** Other kinds that make pods, without those that one of these controls; read for an inventory only. */
  readonly others: readonly Named[];
  /** What stands between workloads and their pods. */
  readonly owned: readonly KubeObject[];
  /** Undefined while the caches have not seen them yet. */
  readonly pods: readonly Pod[] | undefined;
}

export interface LiveWorkload extends WorkloadKey {
  /** Undefined when it does not exist. */
  readonly live: WorkloadObject | undefined;
}

/** An object beside the workloads. */
export interface LiveObject extends ObjectKey {
  /** Undefined when it does not exist. */
  readonly live: KubeObject | undefined;
}

/** A workload that exists. */
export interface PresentWorkload extends WorkloadKey {
  readonly live: WorkloadObject;
}

/** What the API server answered when a pod of a workload's template was created as a dry run. */
export interface Rehearsal extends WorkloadKey {
  readonly outcome:
    | { readonly answer: Pod }
    /** The words of what refused it. */
    | { readonly refused: string }
    /** Some webhook has no dry run: what it would do is not known. */
    | { readonly noDryRun: string };
}

/** A target of which nothing that people signed counts: it guards nothing yet, and costs no request. */
export interface UnsignedWorld {
  readonly stage: 'Unsigned';
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly target: ProductionTarget;
  readonly standing: Standing;
}

/** All that a target that counts is decided from: read at one time, plain data. */
export interface TargetWorld {
  readonly stage: 'InForce';
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly target: ProductionTarget;
  /** Record of the version of the target that counts; undefined where trust is not sealed. */
  readonly accepted?: string | undefined;
  /** Of the target as it stands in the cluster, which may be further than what counts; undefined where trust is not sealed. */
  readonly standing?: Standing | undefined;
  /** Every other target of the namespace that is not being deleted. */
  readonly others: readonly ProductionTarget[];
  readonly namespace: Namespace | undefined;
  readonly lock: WorkloadLock | undefined;
  /** This process may read ConfigMaps and Secrets of the namespace. */
  readonly bound: boolean;
  readonly records: readonly RecordSpec[];
  /** Chains of targets that are gone and that the lock still names. */
  readonly orphanedChains: ReadonlyMap<string, readonly RecordSpec[]>;
  /** Chains of `others`, by name: Jobs of their promotions run beside this target. */
  readonly otherChains: ReadonlyMap<string, readonly RecordSpec[]>;
  /** The target's workloads, as they are live. */
  readonly workloads: readonly LiveWorkload[];
  /** The target's further objects, as they are live. */
  readonly objects: readonly LiveObject[];
  /** Why they could not be read: then none of them is here. Left out: they could. */
  readonly unread?: string | undefined;
  /** Workloads that the lock holds and that no target answers for any more: this one gave them up, or theirs is gone. */
  readonly givenUp: readonly LiveWorkload[];
  readonly running: Running;
  /** One for each workload that exists, while an inventory is taken; empty otherwise. */
  readonly rehearsals: readonly Rehearsal[];
  readonly enforcement: Enforcement;
  /** Uids of the promotions that exist, of those whose end is not on record. */
  readonly promotions: ReadonlySet<string>;
  /** Uids of the promotions that the lock froze names for and that may still open it. */
  readonly asking: ReadonlySet<string>;
  /** Writers of running pods that the installation names for every namespace. */
  readonly podWriters: NonNullable<LockSpec['podWriters']>;
}

/** A target in one of its stages, with what that stage needs: read at one time, plain data, no clock, no client. */
export type World = UnsignedWorld | TargetWorld;
