import type { Copy } from './copies.ts';
import type { Blocker, Lifetime, Sleep } from './lifecycle/index.ts';
import type { Plan } from './plan/index.ts';
import type { Problem } from './resolve/index.ts';
import type { Reachability } from './reach.ts';
import type { ObservedParts } from './observed.ts';
import type { Report } from './wiring/index.ts';

/** An object that was made and must go, as `status.inventory` lists it. */
export interface InventoryItem {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly uid?: string | undefined;
}

/** What a reconcile came to: all that the status is made of. */
export type Situation =
  /** Nothing was changed: what ran before goes on. */
  | { readonly kind: 'Refused'; readonly problems: readonly Problem[]; readonly lifetime: Lifetime | undefined }
  | { readonly kind: 'Queued'; readonly position: number; readonly className: string; readonly lifetime: Lifetime }
  /** Suspended before it had anything. */
  | { readonly kind: 'Suspended'; readonly lifetime: Lifetime }
  /** The namespace of its name is there and not its own, or still on its way out. */
  | { readonly kind: 'Blocked'; readonly problem: Problem; readonly final: boolean; readonly lifetime: Lifetime }
  /** The API server refused or failed what was to be done next; it is tried again. */
  | {
      readonly kind: 'NotApplied';
      readonly phase: 'Provisioning' | 'Terminating' | 'Expired';
      /** In the API server's words. */
      readonly answer: string;
      readonly lifetime: Lifetime | undefined;
    }
  | {
      readonly kind: 'Active';
      readonly plan: Plan;
      readonly lifetime: Lifetime;
      readonly parts: ObservedParts;
      /** By workload; none of a workload that has no servicesEndpoint. */
      readonly reports: ReadonlyMap<string, Report>;
      readonly reach: Reachability;
      /** Why people do not get as far as the boundary. */
      readonly entrance: Problem | undefined;
      readonly inventory: readonly InventoryItem[];
      /** What the API server refused to take, object by object. */
      readonly rejected: readonly Problem[];
      readonly copied: readonly Copy[];
      readonly suspended: boolean;
      /** What its sleep says; whether it sleeps the plan says. */
      readonly sleep: Sleep | undefined;
      /** Names of Jobs that run. */
      readonly busy: readonly string[];
      readonly bounded: boolean;
      readonly policiesEnforced: boolean;
    }
  /** On its way out; `left` is what is still there. */
  | { readonly kind: 'Terminating'; readonly blockers: readonly Blocker[]; readonly left: readonly InventoryItem[] }
  | {
      readonly kind: 'Expired';
      readonly blockers: readonly Blocker[];
      readonly left: readonly InventoryItem[];
      readonly lifetime: Lifetime;
    };
