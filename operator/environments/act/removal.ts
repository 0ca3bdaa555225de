import type { TwinEnvironment } from '../../api/index.ts';
import { PersistentVolume } from './persistent-volume.ts';
import { childTypes, slimNamespace } from '../gather/cache/index.ts';
import type { NamespaceChild } from '../decide/live.ts';
import { blockersOf, volumeBlocker, type Blocker } from '../decide/lifecycle/index.ts';
import { belongsTo, homeOf, ownerOf } from '../naming/index.ts';
import type { InventoryItem } from '../decide/index.ts';
import { volumesOf } from '../gather/volumes.ts';
import type { Context } from '../gather/context.ts';

/** What is still there of an environment that is to go; nothing left means that it is gone. */
export interface Removal {
  readonly left: readonly InventoryItem[];
  readonly blockers: readonly Blocker[];
  /** Volumes that stay because their StorageClass says so. */
  readonly retained: readonly string[];
}

/**
 * Removes what the environment made: its namespace, with everything in it, if labels and uid say that it is this
 * environment's. Waits for nothing: says what is left and why. Finalizers of others are never touched.
 */
export async function removeChildren(
  context: Context,
  environment: TwinEnvironment,
  signal: AbortSignal,
): Promise<Removal> {
  const name = homeOf(environment);
  const volumes = volumesOf(context, environment, name);
  const namespace = await liveNamespace(context, name, signal);
  if (namespace !== undefined && belongsTo(namespace.metadata.labels, ownerOf(environment))) {
    const { uid, deletionTimestamp } = namespace.metadata;
    if (deletionTimestamp === undefined) {
      await context.client.delete(childTypes.Namespace, { name }, { uid, signal });
    }
    const blockers = blockersOf({ name, conditions: namespace.conditions });
    return { left: [{ group: '', kind: 'Namespace', name, uid }, ...volumes], blockers, retained: [] };
  }
  context.drift.forget(name);
  return remainingVolumes(context, volumes, name, signal);
}

/** From the cache while it is there; from the API server before it is given up, since the cache may be behind. */
async function liveNamespace(context: Context, name: string, signal: AbortSignal): Promise<NamespaceChild | undefined> {
  const cached = context.informers.namespaces.lister.get({ name });
  if (cached !== undefined) return cached;
  const live = await context.client.find(childTypes.Namespace, { name }, { signal });
  return live === undefined ? undefined : slimNamespace(live);
}

async function remainingVolumes(
  { client }: Context,
  volumes: readonly InventoryItem[],
  namespace: string,
  signal: AbortSignal,
): Promise<Removal> {
  const left: InventoryItem[] = [];
  const blockers: Blocker[] = [];
  const retained: string[] = [];
  for (const item of volumes) {
    const volume = await client.find(PersistentVolume, { name: item.name }, { signal });
    // A name that was used again belongs to somebody else.
    if (volume?.spec?.claimRef?.namespace !== namespace) continue;
    const policy = volume.spec.persistentVolumeReclaimPolicy ?? 'Delete';
    if (policy === 'Retain') {
      retained.push(item.name);
      continue;
    }
    left.push({ ...item, uid: volume.metadata.uid });
    blockers.push(volumeBlocker(item.name));
  }
  return { left, blockers, retained };
}
