import { fieldManagers, labels, ProductionTarget, WorkloadLock, workloadLockName } from '../../api/index.ts';
import { isConflict, Namespace, type Client, type Logger } from '../../kube/index.ts';
import type { Reconcile } from '../../runtime/index.ts';

export interface ReleaseOptions {
  readonly client: Client;
  readonly logger: Logger;
}

/**
 * Takes the lock off what no target protects any more. Targets carry no finalizer (a stuck one would block its
 * namespace): admission lets only holders of the verb `unprotect` delete one, and this follows, at start and on events.
 * The request's name is the namespace.
 */
export function releaser({ client, logger }: ReleaseOptions): Reconcile {
  return async ({ name: namespace }, signal) => {
    const at = { namespace, name: workloadLockName };
    const [{ items: targets }, lock, object] = await Promise.all([
      client.list(ProductionTarget, { namespace, signal }),
      client.find(WorkloadLock, at, { signal }),
      client.find(Namespace, { name: namespace }, { signal }),
    ]);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined || lock === undefined) return;
    const names = new Set(targets.map(({ metadata }) => metadata.name));
    if (names.size === 0) {
      // The label first: while it is there, a missing lock denies everything.
      if (object.metadata.labels?.[labels.protected] !== undefined)
        await client.patch(
          Namespace,
          { name: namespace },
          { type: 'merge', body: { metadata: { labels: { [labels.protected]: null } } } },
          { fieldManager: fieldManagers.promotions, signal },
        );
      await client.delete(WorkloadLock, at, {
        uid: lock.metadata.uid,
        resourceVersion: lock.metadata.resourceVersion,
        signal,
      });
      logger.warn({ namespace }, 'the last ProductionTarget is gone: the namespace is not protected any more');
      return;
    }
    const approved = lock.spec.approved.filter(({ target }) => names.has(target));
    if (approved.length === lock.spec.approved.length) return;
    try {
      await client.replace(
        WorkloadLock,
        { ...lock, spec: { ...lock.spec, approved } },
        { fieldManager: fieldManagers.promotions, signal },
      );
    } catch (error) {
      if (!isConflict(error)) throw error;
      return { requeueAfter: 50 };
    }
    logger.warn({ namespace }, 'a ProductionTarget is gone: its workloads are approved by nothing any more');
    return;
  };
}
