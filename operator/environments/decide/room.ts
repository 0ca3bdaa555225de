import { belongsTo, ownerOf } from '../naming/index.ts';
import type { EnvironmentDecision } from './decision.ts';
import type { EnvironmentWorld } from './world.ts';

/** Whether the namespace of its name was made for this very environment. */
export function ownsHome({ environment, home }: Pick<EnvironmentWorld, 'environment' | 'home'>): boolean {
  return belongsTo(home?.metadata.labels, ownerOf(environment));
}

/** Whether it has its namespace, with its children. */
export function hasHome(world: Pick<EnvironmentWorld, 'environment' | 'home'>): boolean {
  return world.home !== undefined && ownsHome(world);
}

/** What is told of one that does not get its namespace now; room that it was given goes to others first. */
export function unlessRoomIsLeft(world: EnvironmentWorld, told: EnvironmentDecision): EnvironmentDecision {
  return world.room.reserved && !hasHome(world) ? { action: { do: 'GiveBack' } } : told;
}
