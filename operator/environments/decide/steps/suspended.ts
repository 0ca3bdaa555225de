import { until, type EnvironmentDecision } from '../decision.ts';
import { hasHome, unlessRoomIsLeft } from '../room.ts';
import type { PlannedWorld } from '../world.ts';
import { running } from './running.ts';
import { unasked } from './unasked.ts';
import { untried } from './untried.ts';

/** Nothing is written to it: what is there goes on, what is not there is not made. */
export function suspended(world: PlannedWorld): EnvironmentDecision | undefined {
  const { environment, lifetime, now } = world;
  if (!environment.spec.suspend) return undefined;
  if (hasHome(world)) return unasked(world) ?? untried(world) ?? running(world);
  return unlessRoomIsLeft(world, {
    situation: { kind: 'Suspended', lifetime },
    requeueAfter: until(lifetime, now),
  });
}
