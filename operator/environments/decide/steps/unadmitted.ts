import type { EnvironmentDecision } from '../decision.ts';
import { hasFinalizer } from '../removal.ts';
import type { PlannedWorld } from '../world.ts';

/** There is room, and it has not taken it yet: before its first child is made. */
export function unadmitted({ environment, room, lifetime }: PlannedWorld): EnvironmentDecision | undefined {
  if (room.held && hasFinalizer(environment)) return undefined;
  return { action: { do: 'Admit', revision: room.revision, lifetime } };
}
