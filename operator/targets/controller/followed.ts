import { REVISION } from '../../promotions/decide/index.ts';
import { Deployment, type Cache, type Informer } from '../../kube/index.ts';

/** Called for every change of a Deployment that matters; `progress` when only its status moved. */
export type OnWorkload = (namespace: string, change: 'content' | 'progress') => void;

/**
 * Deployments of production namespaces, one cache for each: a cluster has many more Deployments than production has, and
 * none of the others is of interest here.
 */
export class FollowedWorkloads {
  readonly #cache: Cache;
  readonly #onWorkload: OnWorkload;
  readonly #followed = new Set<string>();

  constructor(cache: Cache, onWorkload: OnWorkload) {
    this.#cache = cache;
    this.#onWorkload = onWorkload;
  }

  /** Follows a namespace from now on; asking again does nothing. */
  follow(namespace: string): void {
    if (this.#followed.has(namespace)) return;
    this.#followed.add(namespace);
    const informer: Informer<Deployment> = this.#cache.informer(Deployment, { namespace });
    informer.addHandler({
      add: () => this.#onWorkload(namespace, 'content'),
      delete: () => this.#onWorkload(namespace, 'content'),
      update: (object, old) => this.#onWorkload(namespace, contentChanged(object, old) ? 'content' : 'progress'),
    });
  }
}

function contentChanged(object: Deployment, old: Deployment): boolean {
  return (
    object.metadata.generation !== old.metadata.generation ||
    object.metadata.annotations?.[REVISION] !== old.metadata.annotations?.[REVISION]
  );
}
