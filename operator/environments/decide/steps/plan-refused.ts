import { until, type EnvironmentDecision } from '../decision.ts';
import { unlessRoomIsLeft } from '../room.ts';
import type { AssessedWorld } from '../world.ts';

/** What was asked for cannot be made: what ran before goes on. */
export function planRefused(world: AssessedWorld): EnvironmentDecision | undefined {
  const { planned, twinClass, lifetime, now } = world;
  if (!('problems' in planned)) return undefined;
  return unlessRoomIsLeft(world, {
    situation: {
      kind: 'Refused',
      problems: planned.problems,
      // Without a class, what was decided of its life before stands.
      lifetime: 'reason' in twinClass ? undefined : lifetime,
    },
    requeueAfter: until(lifetime, now),
  });
}
