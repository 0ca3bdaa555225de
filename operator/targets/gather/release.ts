import { ProductionTarget, WorkloadLock, workloadLockName } from '../../api/index.ts';
import { Namespace, type Client } from '../../kube/index.ts';
import type { RecordStore } from '../../records/index.ts';
import type { InForce } from '../../trust/index.ts';
import type { ReleaseWorld } from '../decide/index.ts';

export interface ReleaseReading {
  readonly client: Pick<Client, 'find' | 'list'>;
  readonly records: Pick<RecordStore, 'of'>;
  readonly inForce: Pick<InForce, 'kept'>;
}

/** Reads, live, what may protect a namespace. @returns undefined when it is gone or on its way out */
export async function readRelease(
  { client, records, inForce }: ReleaseReading,
  name: string,
  signal: AbortSignal,
): Promise<ReleaseWorld | undefined> {
  const namespace = await client.find(Namespace, { name }, { signal });
  if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return undefined;
  const { items: targets } = await client.list(ProductionTarget, { namespace: name, signal });
  // Last: whoever takes a namespace over writes the lock before the label, so a label that was read before comes with one.
  const lock = await client.find(WorkloadLock, { namespace: name, name: workloadLockName }, { signal });
  const chains = targets.map(({ metadata }) => [metadata.name, records.of({ ...metadata, namespace: name })] as const);
  return { namespace, targets, lock, records: new Map(chains), kept: inForce.kept(name) };
}
