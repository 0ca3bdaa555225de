import type { TwinClass } from '../../api/index.ts';
import type { Lifetime } from './lifecycle/index.ts';
import type { Plan } from './plan/index.ts';
import type { Situation } from './situation.ts';
import type { Orphan } from './world.ts';

export type EnvironmentAction =
  /** Takes away what namesakes left behind. */
  | { readonly do: 'RemoveOrphans'; readonly orphans: readonly Orphan[] }
  /** It has nothing any more: others may have its room. */
  | { readonly do: 'Leave' }
  /** Takes its children away; `expired` when it ended by itself and its object stays. */
  | { readonly do: 'Remove'; readonly expired: Lifetime | undefined }
  /** Makes its children what the plan says, once there is room. */
  | { readonly do: 'Run'; readonly plan: Plan; readonly twinClass: TwinClass; readonly lifetime: Lifetime }
  /** Leaves its children as they are, and looks at them. */
  | { readonly do: 'Look'; readonly plan: Plan; readonly lifetime: Lifetime };

/** What happens next, or what is to be told when nothing has to. */
export interface EnvironmentDecision {
  readonly action?: EnvironmentAction | undefined;
  /** Left out: there is nobody to tell. */
  readonly situation?: Situation | undefined;
  /** Milliseconds. */
  readonly requeueAfter?: number | undefined;
}

/** The sooner of the end of a lifetime and other times to come back, in milliseconds from now. */
export function until({ expiresAt }: Lifetime, now: number, ...intervals: readonly number[]): number | undefined {
  const delays = [...intervals, ...(expiresAt === undefined ? [] : [expiresAt - now])];
  return delays.length === 0 ? undefined : Math.max(1, Math.min(...delays));
}
