import type { TwinEnvironment } from '../../api/index.ts';
import type { LeftVolume } from '../decide/index.ts';
import type { Context } from './context.ts';
import { PersistentVolume } from './persistent-volume.ts';

/** Names of volumes of the environment's claims: those of today, and those that were written down before the claims went. */
export function volumesOf(
  { informers }: Pick<Context, 'informers'>,
  environment: TwinEnvironment,
  namespace: string,
): readonly string[] {
  const bound = informers.claims.lister.list(namespace).flatMap(({ volume }) => (volume === undefined ? [] : [volume]));
  const known = (environment.status?.inventory ?? []).flatMap((item) =>
    item.kind === 'PersistentVolume' ? [item.name] : [],
  );
  return [...new Set([...known, ...bound])].toSorted();
}

/** Those that are still there; a name that was used again belongs to somebody else. */
export async function readLeftVolumes(
  { client }: Pick<Context, 'client'>,
  names: readonly string[],
  namespace: string,
  signal: AbortSignal,
): Promise<readonly LeftVolume[]> {
  const left: LeftVolume[] = [];
  for (const name of names) {
    const volume = await client.find(PersistentVolume, { name }, { signal });
    if (volume?.spec?.claimRef?.namespace !== namespace) continue;
    left.push({
      name,
      uid: volume.metadata.uid,
      reclaimPolicy: volume.spec.persistentVolumeReclaimPolicy ?? 'Delete',
    });
  }
  return left;
}
