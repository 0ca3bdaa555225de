import { labels, protections, WorkloadLock, workloadLockName, type ProductionTarget } from '../../api/index.ts';
import { ConfigMap, Secret, type Client, type Informer, type Namespace } from '../../kube/index.ts';
import type { RecordStore } from '../../records/index.ts';
import type { ConfigurationKey } from '../../workloads/index.ts';
import { placeOf, unreferenced, type LeftConfiguration, type UnreferencedWorld } from '../decide/index.ts';

export interface UnreferencedReading {
  readonly client: Pick<Client, 'find'>;
  readonly targets: Pick<Informer<ProductionTarget>, 'lister'>;
  readonly namespaces: Pick<Informer<Namespace>, 'lister'>;
  readonly records: Pick<RecordStore, 'of'>;
}

/**
 * Reads what is left of the names that were let go, by name, one by one, after the lock that says which are held.
 *
 * @param settled names that were looked at before, and stay
 * @returns undefined where nothing is enforced, and while a rollout is under way
 */
export async function readUnreferenced(
  { client, targets, namespaces, records }: UnreferencedReading,
  namespace: string,
  settled: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<UnreferencedWorld | undefined> {
  const { labels: found, deletionTimestamp } = namespaces.lister.get({ name: namespace })?.metadata ?? {};
  if (found?.[labels.protected] !== protections.enforce || deletionTimestamp !== undefined) return undefined;
  const chains = targets.lister.list(namespace).map(({ metadata }) => records.of({ namespace, name: metadata.name }));
  const lock = await client.find(WorkloadLock, { namespace, name: workloadLockName }, { signal });
  if (lock === undefined) return undefined;
  const names = unreferenced(lock.spec, chains);
  if (names === undefined) return undefined;
  const fresh = names.filter((key) => !settled.has(placeOf(key)));
  const left = await Promise.all(fresh.map((key) => read(client, namespace, key, signal)));
  return { namespace, chains, names: names.map(placeOf), left: left.flatMap((each) => each ?? []) };
}

/** What it holds goes no further than this. */
async function read(
  client: UnreferencedReading['client'],
  namespace: string,
  { kind, name }: ConfigurationKey,
  signal: AbortSignal,
): Promise<LeftConfiguration | undefined> {
  const at = { namespace, name };
  const object = await (kind === 'Secret'
    ? client.find(Secret, at, { signal })
    : client.find(ConfigMap, at, { signal }));
  return object && { kind, name, metadata: object.metadata };
}
