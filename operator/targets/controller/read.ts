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
import { openApproval, type RecordStore } from '../../promotions/records/index.ts';
import type { Canary, Enforcement } from '../canary/index.ts';
import type { Named, TargetWorld } from '../decide/index.ts';

export interface TargetReaderOptions {
  readonly client: Client;
  readonly targets: Informer<ProductionTarget>;
  readonly promotions: Informer<Promotion>;
  readonly records: RecordStore;
  readonly canary: Pick<Canary, 'state' | 'check' | 'ensure'>;
  readonly clock: Clock;
}

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
    const [target, namespaceObject, lock] = await Promise.all([
      client.find(ProductionTarget, key, { signal }),
      client.find(Namespace, { name: namespace }, { signal }),
      client.find(WorkloadLock, { namespace, name: workloadLockName }, { signal }),
    ]);
    if (target === undefined || target.metadata.deletionTimestamp !== undefined) return undefined;
    const chain = records.of({ namespace, name });
    const adopted = chain.some(({ type, target: of }) => type === 'Adopted' && of.uid === target.metadata.uid);
    const labelled = namespaceObject?.metadata.labels?.[labels.protected] === 'true';
    const enforcement = await this.#enforcement(target, { adopted, protecting: labelled && lock !== undefined });
    const [workloads, inNamespace, barePods, promotions] = await Promise.all([
      Promise.all(
        target.spec.workloads.map(async (workload) => ({
          ...workload,
          live: await client.find(Deployment, { namespace, name: workload.name }, { signal }),
        })),
      ),
      adopted ? [] : this.#uncontrolled(namespace, signal),
      adopted ? [] : this.#barePods(namespace, signal),
      this.#promotions(openApproval(chain)?.promotion, signal),
    ]);
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
      inNamespace,
      barePods,
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

  async #uncontrolled(namespace: string, signal: AbortSignal): Promise<readonly Named[]> {
    const lists = await Promise.all(
      [Deployment, StatefulSet, DaemonSet, ReplicaSet].map(async (type: ResourceType) => {
        const { items } = await this.#options.client.list(type, { namespace, signal });
        return items.filter(isUncontrolled).map(({ metadata }) => ({ kind: type.kind, name: metadata.name }));
      }),
    );
    return lists.flat();
  }

  async #barePods(namespace: string, signal: AbortSignal): Promise<readonly Pod[]> {
    const { items } = await this.#options.client.list(Pod, { namespace, signal });
    return items.filter(
      (pod) => isUncontrolled(pod) && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed',
    );
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

function isUncontrolled({ metadata }: KubeObject): boolean {
  return !(metadata.ownerReferences ?? []).some(({ controller }) => controller === true);
}
