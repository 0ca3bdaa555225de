import { TwinEnvironment } from '../../api/index.ts';
import { keyOf, type ObjectKey } from '../../kube/index.ts';
import type { Orphan } from '../decide/index.ts';
import { madeFor } from '../naming/index.ts';
import type { Context } from './context.ts';
import { BY_OWNER } from './indexes.ts';

/**
 * Namespaces that an environment of this name left behind: one whose finalizer somebody stripped, so that it went without
 * its children. Only a namespace that was made for that very TwinEnvironment by labels and name is one, and only when the
 * API server, asked anew, has no TwinEnvironment of that uid. Without such a namespace nothing is sent.
 */
export async function readOrphans(
  { client, informers }: Pick<Context, 'client' | 'informers'>,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<readonly Orphan[]> {
  const known = informers.environments.lister.get(key)?.metadata.uid;
  const left = informers.namespaces.lister.byIndex(BY_OWNER, keyOf(key)).flatMap(({ metadata }) => {
    const owner = metadata.deletionTimestamp === undefined ? madeFor(metadata) : undefined;
    return owner === undefined || owner.uid === known ? [] : [{ owner, name: metadata.name, uid: metadata.uid }];
  });
  if (left.length === 0) return [];
  const live = await client.find(TwinEnvironment, key, { signal });
  return left.flatMap(({ owner, name, uid }) => (live?.metadata.uid === owner.uid ? [] : [{ name, uid }]));
}
