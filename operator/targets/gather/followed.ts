import { Deployment, REVISION_ANNOTATION, type Cache, type Informer } from '../../kube/index.ts';

/**
 * Called for every change of a Deployment that matters; `health` when its controller says that it can make pods, or that it
 * cannot, any more; `progress` when anything else of its status moved.
 */
export type OnWorkload = (namespace: string, change: 'content' | 'health' | 'progress') => void;

/**
 * Deployments of production namespaces, one cache for each: a cluster has many more Deployments than production has, and
 * none of the others is of interest here.
 */
export class FollowedWorkloads {
  readonly #cache: Cache;
  readonly #onWorkload: OnWorkload;
  readonly #followed = new Map<string, Informer<Deployment>>();

  constructor(cache: Cache, onWorkload: OnWorkload) {
    this.#cache = cache;
    this.#onWorkload = onWorkload;
  }

  /** As it was a moment ago; undefined when it is not known. */
  get(namespace: string, name: string): Deployment | undefined {
    return this.#followed.get(namespace)?.lister.get({ namespace, name });
  }

  /** Every Deployment of a namespace, as it was a moment ago; undefined while they are not known. */
  list(namespace: string): readonly Deployment[] | undefined {
    const informer = this.#followed.get(namespace);
    return informer?.synced === true ? informer.lister.list(namespace) : undefined;
  }

  /** Resolves when the namespace's Deployments are known; rejects when `signal` aborts first. */
  async whenKnown(namespace: string, signal: AbortSignal): Promise<void> {
    await this.#followed.get(namespace)?.whenSynced(signal);
  }

  /** Follows a namespace from now on; asking again does nothing. */
  follow(namespace: string): void {
    if (this.#followed.has(namespace)) return;
    const informer: Informer<Deployment> = this.#cache.informer(Deployment, { namespace });
    this.#followed.set(namespace, informer);
    informer.addHandler({
      add: () => this.#onWorkload(namespace, 'content'),
      delete: () => this.#onWorkload(namespace, 'content'),
      update: (object, old) => this.#onWorkload(namespace, changeOf(object, old)),
    });
  }
}

function changeOf(object: Deployment, old: Deployment): 'content' | 'health' | 'progress' {
  if (
    object.metadata.generation !== old.metadata.generation ||
    object.metadata.annotations?.[REVISION_ANNOTATION] !== old.metadata.annotations?.[REVISION_ANNOTATION]
  )
    return 'content';
  return healthOf(object) === healthOf(old) ? 'progress' : 'health';
}

function healthOf({ spec, status }: Deployment): string {
  const failure = status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  const { replicas = 0, updatedReplicas = 0 } = status ?? {};
  return JSON.stringify([failure?.status, failure?.message, replicas > updatedReplicas, spec?.replicas]);
}
