import { labels, ProductionTarget, Promotion, WorkloadLock, workloadLockName } from '../../api/index.ts';
import {
  DaemonSet,
  Deployment,
  Namespace,
  Pod,
  ReplicaSet,
  StatefulSet,
  type Client,
  type Clock,
  type Informer,
  type KubeObject,
  type ObjectKey,
  type ResourceType,
} from '../../kube/index.ts';
import { openApproval, type RecordStore } from '../../records/index.ts';
import { readSnapshot } from './snapshot.ts';
import type { Canary, Enforcement } from '../canary/index.ts';
import type { Running, TargetWorld } from '../decide/index.ts';

export interface TargetReaderOptions {
  readonly client: Client;
  readonly targets: Informer<ProductionTarget>;
  readonly promotions: Informer<Promotion>;
  readonly records: RecordStore;
  readonly canary: Pick<Canary, 'state' | 'check' | 'ensure'>;
  readonly clock: Clock;
}

const nothing: Running = { deployments: [], others: [], replicaSets: [], pods: [] };

/** Reads the world of a target: live where it decides. */
export class TargetReader {
  readonly #options: TargetReaderOptions;

  constructor(options: TargetReaderOptions) {
    this.#options = options;
  }

  /** @returns undefined when the target does not exist or is being deleted */
  async read(key: ObjectKey, signal: AbortSignal): Promise<TargetWorld | undefined> {
    const { client, targets, records, clock } = this.#options;
    const { namespace = '', name } = key;
    const [target, namespaceObject, locked] = await Promise.all([
      client.find(ProductionTarget, key, { signal }),
      client.find(Namespace, { name: namespace }, { signal }),
      client.find(WorkloadLock, { namespace, name: workloadLockName }, { signal }),
    ]);
    if (target === undefined || target.metadata.deletionTimestamp !== undefined) return undefined;
    const seen = records.of({ namespace, name });
    const adopted = seen.some(({ type, target: of }) => type === 'Adopted' && of.uid === target.metadata.uid);
    const labelled = namespaceObject?.metadata.labels?.[labels.protected] === 'true';
    const enforcement = await this.#enforcement(target, { adopted, protecting: labelled && locked !== undefined });
    // After the canary's look: what is read now, nobody could have changed against the lock.
    const [{ lock, workloads }, running] = await Promise.all([
      readSnapshot(client, namespace, target.spec.workloads, signal),
      adopted ? nothing : this.#running(namespace, signal),
    ]);
    // An approval is recorded before its lock opens: read after the lock, the chain has it.
    const chain = records.of({ namespace, name });
    const promotions = await this.#promotions(openApproval(chain)?.promotion, signal);
    return {
      now: clock.now(),
      target,
      others: targets.lister
        .list(namespace)
        .filter(({ metadata }) => metadata.uid !== target.metadata.uid && metadata.deletionTimestamp === undefined),
      namespace: namespaceObject,
      lock,
      records: chain,
      workloads,
      running,
      enforcement,
      promotions,
    };
  }

  /** While it is being taken over, what the canary says now counts, and before the live specs are read once more. */
  async #enforcement(
    { metadata: { namespace = '' }, spec }: ProductionTarget,
    { adopted, protecting }: { readonly adopted: boolean; readonly protecting: boolean },
  ): Promise<Enforcement> {
    const { canary } = this.#options;
    const workload = spec.workloads[0]?.name;
    if (!protecting) return canary.state(namespace);
    return adopted ? canary.ensure(namespace, workload, Infinity) : canary.check(namespace, workload);
  }

  async #running(namespace: string, signal: AbortSignal): Promise<Running> {
    const { client } = this.#options;
    const list = async <T extends KubeObject>(type: ResourceType<T>): Promise<readonly T[]> =>
      (await client.list(type, { namespace, signal })).items;
    const [deployments, statefulSets, daemonSets, replicaSets, pods] = await Promise.all([
      list(Deployment),
      list(StatefulSet),
      list(DaemonSet),
      list(ReplicaSet),
      list(Pod),
    ]);
    const uids = new Set(deployments.map(({ metadata }) => metadata.uid));
    const loose = replicaSets.filter(({ metadata }) => !metadata.ownerReferences?.some(({ uid }) => uids.has(uid)));
    const others = [...statefulSets, ...daemonSets, ...loose].map(({ kind, metadata }) => ({
      kind,
      name: metadata.name,
    }));
    return { deployments, others, replicaSets, pods };
  }

  /** Of the promotion that is being rolled out: does it still exist? Asked of the API server, caches may be behind. */
  async #promotions(
    rolledOut: { readonly namespace: string; readonly name: string; readonly uid: string } | undefined,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    if (rolledOut === undefined) return new Set();
    const { namespace, name } = rolledOut;
    const found = await this.#options.client.find(Promotion, { namespace, name }, { signal });
    return new Set(
      found?.metadata.uid === undefined || found.metadata.deletionTimestamp !== undefined ? [] : [found.metadata.uid],
    );
  }
}
