import { ownsHome, unlessRoomIsLeft } from '../room.ts';
import { AGAIN_MS, until, type EnvironmentDecision } from '../decision.ts';
import { problem, type Problem } from '../resolve/index.ts';
import type { PlannedWorld } from '../world.ts';

/** The namespace of its name is there and cannot be its own: it waits, and takes no room. */
export function homeTaken(world: PlannedWorld): EnvironmentDecision | undefined {
  const { home, lifetime, now } = world;
  if (home === undefined) return undefined;
  const { name, deletionTimestamp } = home.metadata;
  const blocked = (final: boolean, why: Problem): EnvironmentDecision =>
    unlessRoomIsLeft(world, {
      situation: { kind: 'Blocked', problem: why, final, lifetime },
      requeueAfter: until(lifetime, now, AGAIN_MS),
    });
  if (deletionTimestamp !== undefined)
    return blocked(
      false,
      problem('NamespaceTerminating', `namespace ${name} of a predecessor is still on its way out`),
    );
  if (ownsHome(world)) return undefined;
  return blocked(
    true,
    problem(
      'NamespaceTaken',
      `namespace ${name} exists and is not this environment's; Twinlock takes over nothing that it did not make: delete the namespace, or give the environment another name`,
    ),
  );
}
