import type { EnvironmentDecision } from '../decision.ts';
import { tried } from '../reach.ts';
import type { PlannedWorld } from '../world.ts';

/** What is exposed has not been tried through the boundary since its pods changed, or not for long where it failed. */
export function untried(world: PlannedWorld): EnvironmentDecision | undefined {
  const ways = tried(world).filter(({ due }) => due);
  return ways.length === 0 ? undefined : { action: { do: 'TryReach', ways } };
}
