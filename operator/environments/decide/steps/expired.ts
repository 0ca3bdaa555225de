import type { EnvironmentDecision } from '../decision.ts';
import { hasFinalizer, removal } from '../removal.ts';
import { unlessRoomIsLeft } from '../room.ts';
import type { AssessedWorld } from '../world.ts';

/** Its time is over: its children go, the object stays and says so. */
export function expired(world: AssessedWorld): EnvironmentDecision | undefined {
  const { environment, lifetime } = world;
  if (!lifetime.expired) return undefined;
  if (hasFinalizer(environment)) return removal(world, lifetime);
  return unlessRoomIsLeft(world, { situation: { kind: 'Expired', blockers: [], left: [], lifetime } });
}
