import { lifetimeIn } from '../assess.ts';
import { until, type EnvironmentDecision } from '../decision.ts';
import { unlessRoomIsLeft } from '../room.ts';
import type { AssessedWorld } from '../world.ts';

/** What was asked for cannot be made: what ran before goes on. */
export function planRefused(world: AssessedWorld): EnvironmentDecision | undefined {
  const { planned, lifetime, now } = world;
  if (!('problems' in planned)) return undefined;
  return unlessRoomIsLeft(world, {
    situation: {
      kind: 'Refused',
      problems: planned.problems,
      lifetime: lifetimeIn(world),
    },
    requeueAfter: until(lifetime, now),
  });
}
