import type { EnvironmentDecision } from '../decision.ts';
import type { ClassedWorld } from '../world.ts';

/** Nothing speaks against it: it is to run as planned. */
export function running({ plan, twinClass, lifetime }: ClassedWorld): EnvironmentDecision | undefined {
  return 'problems' in plan ? undefined : { action: { do: 'Run', plan, twinClass, lifetime } };
}
