import type { TwinClass, TwinEnvironment, VendorTwin } from '../../api/index.ts';
import type { ObjectKey } from '../../kube/index.ts';
import type { Copied } from './copies.ts';
import type { Front } from './entrance.ts';
import type { Lifetime, Room, Sleep } from './lifecycle/index.ts';
import type { NamespaceChild } from './live.ts';
import type { ObservedParts } from './observed.ts';
import type { Plan, PlanInput, PlanSettings } from './plan/index.ts';
import type { Refusal } from './refused.ts';
import type { KnownReach } from './reach.ts';
import type { Problem } from './resolve/index.ts';
import type { AppReport } from './wiring/index.ts';

/** A namespace that an environment left behind: its labels and name say for which it was made, and that is gone. */
export interface Orphan {
  readonly name: string;
  readonly uid: string | undefined;
}

/** A child of a kind that comes and goes with the spec. */
export interface PrunedChild {
  readonly kind: string;
  readonly name: string;
  readonly uid: string | undefined;
}

/** A volume that is still there after the claim that was bound to it. */
export interface LeftVolume {
  readonly name: string;
  readonly uid: string | undefined;
  readonly reclaimPolicy: string;
}

/** What sending a plan came to. */
export type ApplyOutcome =
  | { readonly kind: 'Sent'; readonly refused: readonly Refusal[] }
  /** The namespace went away between two requests. */
  | { readonly kind: 'NamespaceGone' };

/** What this reconcile has sent already. */
export interface Applied {
  readonly of: PlanInput;
  readonly plan: Plan;
  readonly outcome: ApplyOutcome;
}

interface Named {
  readonly key: ObjectKey;
  /** Left by namesakes. */
  readonly orphans: readonly Orphan[];
}

/** There is no TwinEnvironment of that name. */
export interface GoneWorld extends Named {
  readonly environment: undefined;
}

/** All that it takes to decide what happens to an environment next: plain data, read at one time. */
export interface EnvironmentWorld extends Named {
  readonly environment: TwinEnvironment;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: number;
  readonly classes: readonly TwinClass[];
  /** Labels of the namespace that the TwinEnvironment is in; undefined when it is not known. */
  readonly namespaceLabels: Readonly<Record<string, string>> | undefined;
  /** The namespace of the environment's name, whosever it is. */
  readonly home: NamespaceChild | undefined;
  /** This reconcile has deleted it: whoever read it may not know yet. */
  readonly homeRemoved: boolean;
  /** Of its class; nobody's when it has none. */
  readonly room: Room;
  /** Those that its services name, by name, as far as they exist. */
  readonly catalogue: ReadonlyMap<string, VendorTwin>;
  readonly parts: ObservedParts;
  /** Milliseconds until somebody is asked again why pods are not ready; undefined when none needs it. */
  readonly wordsDueIn: number | undefined;
  readonly children: readonly PrunedChild[];
  /** What came of copying since this process started; undefined when it has not copied anything for it. */
  readonly copied: Copied | undefined;
  /** By workload, of those that report. */
  readonly reports: ReadonlyMap<string, AppReport>;
  /** By component, of those that the spec exposes. */
  readonly reach: ReadonlyMap<string, KnownReach>;
  readonly front: Front;
  /** Names of the volumes of its claims: those of today, and those that were written down before the claims went. */
  readonly volumes: readonly string[];
  /** Of `volumes`; looked for only while the environment ends and has no namespace any more. */
  readonly leftVolumes: readonly LeftVolume[];
  readonly settings: EnvironmentSettings;
  readonly applied: Applied | undefined;
}

/** What holds for every environment of an installation. */
export interface EnvironmentSettings extends PlanSettings {
  /** Whoever installed Twinlock said that the cluster enforces NetworkPolicies. */
  readonly policiesEnforced: boolean;
}

/** A world with what follows from it for every step. */
export interface AssessedWorld extends EnvironmentWorld {
  readonly twinClass: TwinClass | Problem;
  readonly lifetime: Lifetime;
  /** Undefined: it never sleeps. */
  readonly sleep: Sleep | undefined;
  /** Names of Jobs that run, for which it does not go to sleep yet. */
  readonly busy: readonly string[];
  readonly planned: Planned;
}

/** What an environment is to be, or all that speaks against it. */
export type Planned = { readonly input: PlanInput; readonly plan: Plan } | { readonly problems: readonly Problem[] };

/** One that has a class and can be planned. */
export interface PlannedWorld extends AssessedWorld {
  readonly twinClass: TwinClass;
  readonly planned: Extract<Planned, { readonly plan: Plan }>;
}

export type World = GoneWorld | EnvironmentWorld;
