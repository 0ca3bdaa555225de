import type { EnvironmentDecision } from '../decision.ts';
import type { PlannedWorld } from '../world.ts';

/** Nothing speaks against it: it is to run as planned. */
export function running({ plan, twinClass, lifetime }: PlannedWorld): EnvironmentDecision | undefined {
  return 'problems' in plan ? undefined : { action: { do: 'Run', plan, twinClass, lifetime } };
}
