import {
  configurationRole,
  fieldManagers,
  labels,
  ProductionTarget,
  WorkloadLock,
  workloadLockName,
} from '../../api/index.ts';
import { isConflict, Namespace, RoleBinding, type Client, type EventRecorder, type Logger } from '../../kube/index.ts';
import type { RecordStore } from '../../records/index.ts';
import type { Reconcile } from '../../runtime/index.ts';

export interface ReleaseOptions {
  readonly client: Client;
  readonly records: Pick<RecordStore, 'of'>;
  readonly events: EventRecorder;
  readonly logger: Logger;
}

/** Milliseconds until a namespace that changed meanwhile is looked at again. */
const AGAIN = 50;

/**
 * Takes the lock off what no target protects any more, and the label off what none ever did. Targets carry no finalizer (a
 * stuck one would block its namespace): admission lets only holders of the verb `unprotect` delete one, and this follows,
 * at start and on events. What a deleted target leaves beside others is the others' to keep, see `settings` in decide.
 * The request's name is the namespace.
 */
export function releaser(options: ReleaseOptions): Reconcile {
  const { client, logger } = options;
  return async ({ name: namespace }, signal) => {
    const at = { namespace, name: workloadLockName };
    const object = await client.find(Namespace, { name: namespace }, { signal });
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
    const { items: targets } = await client.list(ProductionTarget, { namespace, signal });
    // Last: whoever takes a namespace over writes the lock before the label, so a label that was read before comes with one.
    const lock = await client.find(WorkloadLock, at, { signal });
    const labelled = object.metadata.labels?.[labels.protected] !== undefined;
    if (lock === undefined) return labelled ? withoutLock(options, object, targets, signal) : undefined;
    if (targets.length > 0) return undefined;
    // The label first: while it is there, a missing lock denies everything.
    if (labelled && !(await unlabel(client, object, signal))) return { requeueAfter: AGAIN };
    await client.delete(RoleBinding, { namespace, name: configurationRole }, { signal });
    await client.delete(WorkloadLock, at, {
      uid: lock.metadata.uid,
      resourceVersion: lock.metadata.resourceVersion,
      signal,
    });
    logger.warn({ namespace }, 'the last ProductionTarget is gone: the namespace is not protected any more');
    return undefined;
  };
}

/**
 * A label without a lock lets nothing in, and nobody here made it so: the namespace was restored from a backup or copied.
 * It is not protected until a target has taken its workloads over. Where one has, its lock was lost, and the target's own
 * controller makes it again.
 */
async function withoutLock(
  { client, records, events, logger }: ReleaseOptions,
  object: Namespace,
  targets: readonly ProductionTarget[],
  signal: AbortSignal,
): ReturnType<Reconcile> {
  const namespace = object.metadata.name;
  const wasAdopted = ({ metadata: { name, uid } }: ProductionTarget): boolean =>
    records.of({ namespace, name }).some(({ type, target }) => type === 'Adopted' && target.uid === uid);
  if (targets.some(wasAdopted)) return undefined;
  if (!(await unlabel(client, object, signal))) return { requeueAfter: AGAIN };
  await client.delete(RoleBinding, { namespace, name: configurationRole }, { signal });
  const note = `the label ${labels.protected} was there without a lock, as in a restored namespace, and is taken off: the namespace is protected when a ProductionTarget has taken its workloads over`;
  events.record({
    regarding: targets[0] ?? object,
    type: 'Warning',
    reason: 'LabelWithoutLock',
    action: 'Release',
    note,
  });
  logger.warn({ namespace }, note);
  return undefined;
}

/** @returns false when the namespace changed since it was read: it may be protected by now */
async function unlabel(client: Client, { metadata }: Namespace, signal: AbortSignal): Promise<boolean> {
  const { name, resourceVersion } = metadata;
  const body = { metadata: { resourceVersion, labels: { [labels.protected]: null } } };
  try {
    await client.patch(
      Namespace,
      { name },
      { type: 'merge', body },
      { fieldManager: fieldManagers.promotions, signal },
    );
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    return false;
  }
}
