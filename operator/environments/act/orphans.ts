import { keyOf, type ObjectKey } from '../../kube/index.ts';
import { childTypes } from '../gather/cache/index.ts';
import type { Context } from '../gather/context.ts';
import type { Orphan } from '../decide/index.ts';

/** Removes namespaces that an environment left behind: those very ones, or none. */
export async function removeOrphans(
  { client, drift, logger }: Pick<Context, 'client' | 'drift' | 'logger'>,
  key: ObjectKey,
  orphans: readonly Orphan[],
  signal: AbortSignal,
): Promise<void> {
  for (const { name, uid } of orphans) {
    await client.delete(childTypes.Namespace, { name }, { uid, signal });
    drift.forget(name);
    logger.warn({ namespace: name, environment: keyOf(key) }, 'removed the namespace of an environment that is gone');
  }
}
