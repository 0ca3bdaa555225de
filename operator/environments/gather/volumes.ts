import type { TwinEnvironment } from '../../api/index.ts';
import type { Context } from './context.ts';
import type { InventoryItem } from '../decide/index.ts';

/** Volumes of the environment's claims: those of today, and those that were written down before the claims went. */
export function volumesOf(
  { informers }: Pick<Context, 'informers'>,
  environment: TwinEnvironment,
  namespace: string,
): readonly InventoryItem[] {
  const bound = informers.claims.lister.list(namespace).flatMap(({ volume }) => (volume === undefined ? [] : [volume]));
  const known = (environment.status?.inventory ?? []).flatMap((item) =>
    item.kind === 'PersistentVolume' ? [item.name] : [],
  );
  return [...new Set([...known, ...bound])].toSorted().map((name) => ({ group: '', kind: 'PersistentVolume', name }));
}
