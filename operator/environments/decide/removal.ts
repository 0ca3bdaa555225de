import type { TwinEnvironment } from '../../api/index.ts';
import { FINALIZER } from '../naming/index.ts';
import type { EnvironmentDecision } from './decision.ts';
import { blockersOf, volumeBlocker, type Blocker, type Lifetime } from './lifecycle/index.ts';
import { hasHome } from './room.ts';
import type { InventoryItem } from './situation.ts';
import type { EnvironmentWorld } from './world.ts';

/** Volumes have no watch here, so an environment that waits for them looks again after so many milliseconds. */
const VOLUME_INTERVAL_MS = 5000;

/** Children may be there that have to go before the object can. */
export function hasFinalizer({ metadata }: TwinEnvironment): boolean {
  return metadata.finalizers?.includes(FINALIZER) ?? false;
}

/**
 * Takes an environment's children away: its namespace, with everything in it, if labels and uid say that it is this
 * environment's; then it waits for the volumes that go with it. Finalizers of others are never touched.
 *
 * @param expired when it ended by itself and its object stays
 */
export function removal(world: EnvironmentWorld, expired: Lifetime | undefined): EnvironmentDecision {
  const { home, homeRemoved, volumes, leftVolumes } = world;
  if (home !== undefined && hasHome(world)) {
    const { name, uid = '', deletionTimestamp } = home.metadata;
    if (deletionTimestamp === undefined && !homeRemoved)
      return { action: { do: 'RemoveNamespace', expired, name, uid } };
    const held = volumes.map((volume) => ({ group: '', kind: 'PersistentVolume', name: volume }));
    // Its end is told by the watch of namespaces.
    return {
      situation: ending(
        expired,
        [{ group: '', kind: 'Namespace', name, uid }, ...held],
        blockersOf({ name, conditions: home.conditions }),
      ),
    };
  }
  const stays = leftVolumes.filter(({ reclaimPolicy }) => reclaimPolicy === 'Retain');
  const goes = leftVolumes.filter(({ reclaimPolicy }) => reclaimPolicy !== 'Retain');
  if (goes.length > 0)
    return {
      situation: ending(
        expired,
        goes.map(({ name, uid }) => ({ group: '', kind: 'PersistentVolume', name, uid })),
        goes.map(({ name }) => volumeBlocker(name)),
      ),
      requeueAfter: VOLUME_INTERVAL_MS,
    };
  return { action: { do: 'LetGo', expired, retained: stays.map(({ name }) => name) } };
}

function ending(
  lifetime: Lifetime | undefined,
  left: readonly InventoryItem[],
  blockers: readonly Blocker[],
): EnvironmentDecision['situation'] {
  return lifetime === undefined
    ? { kind: 'Terminating', blockers, left }
    : { kind: 'Expired', blockers, left, lifetime };
}
