import { configurationRole, fieldManagers, labels, WorkloadLock } from '../../api/index.ts';
import { Namespace, RoleBinding, type Client, type EventRecorder, type Logger } from '../../kube/index.ts';
import type { ReleaseAction } from '../decide/index.ts';

export interface ReleaseActing {
  readonly client: Pick<Client, 'patch' | 'delete'>;
  readonly events: EventRecorder;
  readonly logger: Logger;
}

/**
 * Takes off what was decided, or puts back what nobody signed away.
 *
 * @throws a conflict when namespace or lock changed since it was read: the namespace may be protected by now
 */
export async function release(
  { client, events, logger }: ReleaseActing,
  action: ReleaseAction,
  signal: AbortSignal,
): Promise<void> {
  if (action.do === 'Unlabel') {
    const { name, resourceVersion } = action.of.metadata;
    const body = { metadata: { resourceVersion, labels: { [labels.protected]: null } } };
    const options = { fieldManager: fieldManagers.promotions, signal };
    await client.patch(Namespace, { name }, { type: 'merge', body }, options);
    if (action.news === undefined) return;
    await client.delete(RoleBinding, { namespace: name, name: configurationRole }, { signal });
    const { regarding, note } = action.news;
    events.record({ regarding, type: 'Warning', reason: 'LabelWithoutLock', action: 'Release', note });
    logger.warn({ namespace: name }, note);
    return;
  }
  if (action.do === 'Label') {
    const { name, resourceVersion } = action.of.metadata;
    const body = { metadata: { resourceVersion, labels: { [labels.protected]: action.as } } };
    await client.patch(
      Namespace,
      { name },
      { type: 'merge', body },
      { fieldManager: fieldManagers.promotions, signal },
    );
    const { regarding, note } = action.news;
    events.record({ regarding, type: 'Warning', reason: 'LabelLost', action: 'Release', note });
    logger.warn({ namespace: name }, note);
    return;
  }
  const { namespace = '', name, uid, resourceVersion } = action.lock.metadata;
  await client.delete(RoleBinding, { namespace, name: configurationRole }, { signal });
  await client.delete(WorkloadLock, { namespace, name }, { uid, resourceVersion, signal });
  logger.warn({ namespace }, 'the last ProductionTarget is gone: the namespace is not protected any more');
}
