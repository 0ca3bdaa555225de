import type { EnvironmentDecision } from '../decision.ts';
import type { ClassedWorld } from '../world.ts';

/** Its time is over: its children go, the object stays and says so. */
export function expired({ lifetime }: ClassedWorld): EnvironmentDecision | undefined {
  return lifetime.expired ? { action: { do: 'Remove', expired: lifetime } } : undefined;
}
