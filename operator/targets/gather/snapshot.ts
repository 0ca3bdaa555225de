import { WorkloadLock, workloadLockName } from '../../api/index.ts';
import type { Client, KubeObject } from '../../kube/index.ts';
import { contentsOf, matchLive, matchObject, objectsOf, type WorkloadKey } from '../../lock/index.ts';
import { objectType, type ObjectKey } from '../../objects/index.ts';
import { workloadOf, type WorkloadObject } from '../../workloads/index.ts';

/** What is live, and the lock that held when it was read. */
export interface Snapshot {
  readonly lock: WorkloadLock | undefined;
  readonly workloads: readonly (WorkloadKey & { readonly live: WorkloadObject | undefined })[];
  readonly objects: readonly (ObjectKey & { readonly live: KubeObject | undefined })[];
}

/** Beyond this the lock changes faster than it can be read. */
const MAX_READS = 5;

/**
 * Reads workloads, objects and lock as they were at one time. The lock opens before content is applied and closes after it
 * is taken back: read one by one, either order can show approved content beside a lock that does not have it yet, or any
 * more. So where content is not Current it is read between two reads of the same lock.
 */
export async function readSnapshot(
  client: Pick<Client, 'find'>,
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
          live: await client.find(objectType(kind), { namespace, name }, { signal }),
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
