import { hasFinalizer, removal } from '../removal.ts';
import type { EnvironmentDecision } from '../decision.ts';
import type { EnvironmentWorld } from '../world.ts';

/** The TwinEnvironment was deleted: its children go first. */
export function going(world: EnvironmentWorld): EnvironmentDecision | undefined {
  const { environment } = world;
  if (environment.metadata.deletionTimestamp === undefined) return undefined;
  return hasFinalizer(environment) ? removal(world, undefined) : { action: { do: 'Leave' } };
}
