import type { Home, Manifest } from './children/index.ts';
import type { Copy, LiveKey } from './copies.ts';
import type { Lifetime } from './lifecycle/index.ts';
import type { Plan, PlanInput } from './plan/index.ts';
import type { KnownReach } from './reach.ts';
import type { Situation } from './situation.ts';
import type { Orphan, PrunedChild } from './world.ts';
import type { AppReport } from './wiring/index.ts';

export type EnvironmentAction =
  /** Takes away what namesakes left behind. */
  | { readonly do: 'RemoveOrphans'; readonly orphans: readonly Orphan[] }
  /** It has nothing any more: others may have its room. */
  | { readonly do: 'Leave' }
  /** Takes its namespace away, with all that is in it. */
  | {
      readonly do: 'RemoveNamespace';
      readonly expired: Lifetime | undefined;
      readonly name: string;
      readonly uid: string;
    }
  /** Nothing is left: its object may go. `retained` are volumes that stay because their StorageClass says so. */
  | { readonly do: 'LetGo'; readonly expired: Lifetime | undefined; readonly retained: readonly string[] }
  /** Gives back room that it does not use. */
  | { readonly do: 'GiveBack' }
  /** Takes room, provided that nobody took any since `revision`; from then on the object cannot go without its children. */
  | { readonly do: 'Admit'; readonly revision: number; readonly lifetime: Lifetime }
  /** Makes its children what the plan says, and takes away those that it does not have. */
  | {
      readonly do: 'Apply';
      readonly of: PlanInput;
      readonly plan: Plan;
      /** Of what runs, what waits for nothing. */
      readonly parts: readonly Manifest[];
      readonly surplus: readonly PrunedChild[];
      readonly lifetime: Lifetime;
    }
  /** Brings Secrets and ConfigMaps of the TwinEnvironment's namespace into the environment's, and takes away what nobody wants. */
  | {
      readonly do: 'Copy';
      readonly copies: readonly Copy[];
      readonly liveKeys: readonly LiveKey[];
      /** Milliseconds since the epoch: by it a certificate has expired. */
      readonly now: number;
      readonly home: Home;
    }
  /** Starts asking apps for their reports; nobody waits for the answers. */
  | { readonly do: 'AskApps'; readonly apps: readonly AppReport[] }
  /** The same, for an answer of what is exposed through the boundary. */
  | { readonly do: 'TryReach'; readonly ways: readonly KnownReach[] };

/** What happens next, or what is to be told when nothing has to. */
export interface EnvironmentDecision {
  readonly action?: EnvironmentAction | undefined;
  /** Left out: there is nobody to tell. */
  readonly situation?: Situation | undefined;
  /** Milliseconds. */
  readonly requeueAfter?: number | undefined;
}

/** What the API server refused may pass later (a quota): tried again after so many milliseconds. */
export const AGAIN_MS = 30_000;

/** The sooner of the end of a lifetime, of the time to tell of it, and of other times to come back, in milliseconds from now. */
export function until(
  { expiresAt, ending }: Lifetime,
  now: number,
  ...intervals: readonly number[]
): number | undefined {
  const delays = [
    ...intervals,
    ...(expiresAt === undefined ? [] : [expiresAt - now]),
    ...(ending === undefined || ending.soon ? [] : [ending.warnAt - now]),
  ];
  return delays.length === 0 ? undefined : Math.max(1, Math.min(...delays));
}
