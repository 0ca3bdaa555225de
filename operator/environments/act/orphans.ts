import { TwinEnvironment } from '../../api/index.ts';
import { keyOf } from '../../kube/index.ts';
import type { Request } from '../../runtime/index.ts';
import { childTypes } from '../gather/cache/index.ts';
import { madeFor } from '../naming/index.ts';
import type { Context } from '../gather/context.ts';
import { BY_OWNER } from '../gather/indexes.ts';

/**
 * Removes namespaces that an environment of this name left behind: one whose finalizer somebody stripped, so that it
 * went without its children. Only a namespace that was made for that very TwinEnvironment by labels and name goes, and
 * only when the API server, asked anew, has no TwinEnvironment of that uid. Without such a namespace nothing is sent.
 */
export async function removeOrphans(
  { client, drift, informers, logger }: Pick<Context, 'client' | 'drift' | 'informers' | 'logger'>,
  request: Request,
  signal: AbortSignal,
): Promise<void> {
  const known = informers.environments.lister.get(request)?.metadata.uid;
  const left = informers.namespaces.lister.byIndex(BY_OWNER, keyOf(request)).flatMap(({ metadata }) => {
    const owner = metadata.deletionTimestamp === undefined ? madeFor(metadata) : undefined;
    return owner === undefined || owner.uid === known ? [] : [{ owner, name: metadata.name, uid: metadata.uid }];
  });
  if (left.length === 0) return;
  const live = await client.find(TwinEnvironment, request, { signal });
  for (const { owner, name, uid } of left) {
    if (live?.metadata.uid === owner.uid) continue;
    await client.delete(childTypes.Namespace, { name }, { uid, signal });
    drift.forget(name);
    logger.warn(
      { namespace: name, environment: keyOf(request) },
      'removed the namespace of an environment that is gone',
    );
  }
}
