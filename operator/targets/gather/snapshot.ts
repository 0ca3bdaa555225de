import { WorkloadLock, workloadLockName } from '../../api/index.ts';
import { isNotFound, type Client, type KubeObject } from '../../kube/index.ts';
import { contentsOf, matchLive, matchObject, objectsOf, type WorkloadKey } from '../../lock/index.ts';
import { ObjectUnreadable, type ObjectKey, type ObjectTypes } from '../../objects/index.ts';
import { workloadOf, type WorkloadObject } from '../../workloads/index.ts';

/** What is live, and the lock that held when it was read. */
export interface Snapshot {
  readonly lock: WorkloadLock | undefined;
  readonly workloads: readonly (WorkloadKey & { readonly live: WorkloadObject | undefined })[];
  readonly objects: readonly (ObjectKey & { readonly live: KubeObject | undefined })[];
}

interface Reads {
  readonly client: Pick<Client, 'find'>;
  readonly types: ObjectTypes;
}

/** Beyond this the lock changes faster than it can be read. */
const MAX_READS = 5;

/** Reads a snapshot; where an object cannot be read, none of them is told of, but why. */
export async function readReadable(
  reads: Reads,
  namespace: string,
  listed: Parameters<typeof readSnapshot>[2],
  signal: AbortSignal,
): Promise<Snapshot & { readonly unread?: string }> {
  try {
    return await readSnapshot(reads, namespace, listed, signal);
  } catch (error) {
    if (!(error instanceof ObjectUnreadable)) throw error;
    const without = await readSnapshot(reads, namespace, { ...listed, objects: [] }, signal);
    return { ...without, unread: error.message };
  }
}

/**
 * Reads workloads, objects and lock as they were at one time. The lock opens before content is applied and closes after it
 * is taken back: read one by one, either order can show approved content beside a lock that does not have it yet, or any
 * more. So where content is not Current it is read between two reads of the same lock.
 *
 * @throws ObjectUnreadable when a kind of the objects is not known here, or not served
 */
export async function readSnapshot(
  { client, types }: Reads,
  namespace: string,
  { workloads, objects }: { readonly workloads: readonly WorkloadKey[]; readonly objects: readonly ObjectKey[] },
  signal: AbortSignal,
): Promise<Snapshot> {
  const readLock = (): Promise<WorkloadLock | undefined> =>
    client.find(WorkloadLock, { namespace, name: workloadLockName }, { signal });
  const readLives = async (): Promise<Omit<Snapshot, 'lock'>> => {
    const [liveWorkloads, liveObjects] = await Promise.all([
      Promise.all(
        workloads.map(async ({ kind, name }) => ({
          kind,
          name,
          live: await client.find(workloadOf(kind).type, { namespace, name }, { signal }),
        })),
      ),
      Promise.all(
        objects.map(async ({ kind, name }) => ({
          kind,
          name,
          live: await readObject({ client, types }, { kind, name }, namespace, signal),
        })),
      ),
    ]);
    return { workloads: liveWorkloads, objects: liveObjects };
  };
  const [first, lives] = await Promise.all([readLock(), readLives()]);
  let snapshot: Snapshot = { lock: first, ...lives };
  if (isCurrent(snapshot)) return snapshot;
  for (let reads = 0; reads < MAX_READS; reads++) {
    const before = await readLock();
    snapshot = { lock: before, ...(await readLives()) };
    const after = await readLock();
    if (before?.metadata.resourceVersion === after?.metadata.resourceVersion) return snapshot;
  }
  throw new Error(`the lock of ${namespace} changes faster than it can be read: try again`);
}

async function readObject(
  { client, types }: Reads,
  { kind, name }: ObjectKey,
  namespace: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const type = types.of(kind);
  try {
    const live = await client.find(type, { namespace, name }, { signal });
    if (live !== undefined && live.kind !== kind) throw types.misnamed(kind, live.kind);
    return live;
  } catch (error) {
    // What is not there is found as undefined: this says that nobody serves the kind.
    throw isNotFound(error) ? types.unserved(kind) : error;
  }
}

function isCurrent({ lock, workloads, objects }: Snapshot): boolean {
  return (
    lock === undefined ||
    (workloads.every(
      ({ kind, name, live }) =>
        live?.spec === undefined || matchLive(contentsOf(lock.spec, { kind, name }), { ...live.spec }) === 'Current',
    ) &&
      objects.every(({ kind, name, live }) => matchObject(objectsOf(lock.spec, { kind, name }), live) === 'Current'))
  );
}
