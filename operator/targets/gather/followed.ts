import type { Cache, Informer } from '../../kube/index.ts';
import type { WorkloadKey } from '../../lock/index.ts';
import { revisionOf, workloadOf, workloadRows, type WorkloadObject } from '../../workloads/index.ts';
import type { PresentWorkload } from '../decide/index.ts';

type Kind = WorkloadKey['kind'];

/**
 * Called for every change of a workload that matters; `health` when its controller says that it can make pods, or that it
 * cannot, any more; `progress` when anything else of its status moved.
 */
export type OnWorkload = (namespace: string, change: 'content' | 'health' | 'progress') => void;

/**
 * Workloads of production namespaces, one cache for each kind and namespace: a cluster has many more of them than
 * production has, and none of the others is of interest here.
 */
export class FollowedWorkloads {
  readonly #cache: Cache;
  readonly #onWorkload: OnWorkload;
  readonly #followed = new Map<string, ReadonlyMap<Kind, Informer<WorkloadObject>>>();

  constructor(cache: Cache, onWorkload: OnWorkload) {
    this.#cache = cache;
    this.#onWorkload = onWorkload;
  }

  /** As it was a moment ago; undefined when it is not known. */
  get(namespace: string, { kind, name }: WorkloadKey): WorkloadObject | undefined {
    return this.#followed.get(namespace)?.get(kind)?.lister.get({ namespace, name });
  }

  /** Every workload of a namespace, as it was a moment ago; undefined while they are not known. */
  list(namespace: string): readonly PresentWorkload[] | undefined {
    const informers = this.#followed.get(namespace);
    if (informers === undefined || [...informers.values()].some(({ synced }) => !synced)) return undefined;
    return [...informers].flatMap(([kind, { lister }]) =>
      lister.list(namespace).map((live) => ({ kind, name: live.metadata.name, live })),
    );
  }

  /** Resolves when the namespace's workloads are known; rejects when `signal` aborts first. */
  async whenKnown(namespace: string, signal: AbortSignal): Promise<void> {
    const informers = [...(this.#followed.get(namespace)?.values() ?? [])];
    await Promise.all(informers.map((informer) => informer.whenSynced(signal)));
  }

  /** Follows a namespace from now on; asking again does nothing. */
  follow(namespace: string): void {
    if (this.#followed.has(namespace)) return;
    const informers = workloadRows.map(
      ([kind, { type }]) => [kind, this.#cache.informer(type, { namespace })] as const,
    );
    this.#followed.set(namespace, new Map(informers));
    for (const [kind, informer] of informers)
      informer.addHandler({
        add: () => this.#onWorkload(namespace, 'content'),
        delete: () => this.#onWorkload(namespace, 'content'),
        update: (object, old) => this.#onWorkload(namespace, changeOf(kind, object, old)),
      });
  }
}

function changeOf(kind: Kind, object: WorkloadObject, old: WorkloadObject): 'content' | 'health' | 'progress' {
  if (
    object.metadata.generation !== old.metadata.generation ||
    revisionOf({ kind, live: object }) !== revisionOf({ kind, live: old })
  )
    return 'content';
  return healthOf(kind, object) === healthOf(kind, old) ? 'progress' : 'health';
}

function healthOf(kind: Kind, object: WorkloadObject): string {
  const { failure, present, updated, wanted } = workloadOf(kind).standing(object);
  return JSON.stringify([failure, present > updated, wanted]);
}
