import type { EnvironmentDecision } from '../decision.ts';
import type { EnvironmentWorld } from '../world.ts';

/** The TwinEnvironment was deleted: its children go first. */
export function going({ environment, hasFinalizer }: EnvironmentWorld): EnvironmentDecision | undefined {
  if (environment.metadata.deletionTimestamp === undefined) return undefined;
  return { action: hasFinalizer ? { do: 'Remove', expired: undefined } : { do: 'Leave' } };
}
