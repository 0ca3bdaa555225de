import { Pod, type Cache, type Informer, type KubeObject } from '../../kube/index.ts';
import { ownedTypes } from '../../workloads/index.ts';

interface Followed {
  readonly pods: Informer<Pod>;
  readonly owned: readonly Informer<KubeObject>[];
}

/** Pods of production namespaces and what made them for their workloads, one cache for each namespace. */
export class FollowedPods {
  readonly #cache: Cache;
  readonly #onChange: (namespace: string) => void;
  readonly #followed = new Map<string, Followed>();

  /** @param onChange told when something changed by which a target could be judged otherwise */
  constructor(cache: Cache, onChange: (namespace: string) => void) {
    this.#cache = cache;
    this.#onChange = onChange;
  }

  /** Follows a namespace from now on; asking again does nothing. */
  follow(namespace: string): void {
    if (this.#followed.has(namespace)) return;
    const pods: Informer<Pod> = this.#cache.informer(Pod, { namespace, transform: slimPod });
    const owned = ownedTypes.map((type) => this.#cache.informer(type, { namespace, transform: slimOwned }));
    this.#followed.set(namespace, { pods, owned });
    pods.addHandler({
      add: (_pod, { initial }) => (initial ? undefined : this.#onChange(namespace)),
      delete: () => this.#onChange(namespace),
      update: (pod, old) => (looksAt(pod) === looksAt(old) ? undefined : this.#onChange(namespace)),
    });
    // Whoever did not wait is told: the first lists come at once, and a namespace without pods has no first pod.
    void Promise.all([pods, ...owned].map((each) => each.whenSynced())).then(() => this.#onChange(namespace));
  }

  /** Resolves when the namespace's pods are known; rejects when `signal` aborts first. */
  async whenKnown(namespace: string, signal: AbortSignal): Promise<void> {
    const followed = this.#followed.get(namespace);
    if (followed === undefined) return;
    await Promise.all([followed.pods, ...followed.owned].map((each) => each.whenSynced(signal)));
  }

  /** As they were a moment ago; pods are undefined while they are not known. */
  of(namespace: string): { readonly pods: readonly Pod[] | undefined; readonly owned: readonly KubeObject[] } {
    const followed = this.#followed.get(namespace);
    if (followed === undefined || ![followed.pods, ...followed.owned].every(({ synced }) => synced))
      return { pods: undefined, owned: [] };
    return {
      pods: followed.pods.lister.list(namespace),
      owned: followed.owned.flatMap(({ lister }) => lister.list(namespace)),
    };
  }
}

/** All of a pod that is compared with approved content, and of its status what says how it fares. */
function slimPod({ apiVersion, kind, metadata, spec, status }: Pod): Pod {
  return {
    apiVersion,
    kind,
    metadata,
    spec,
    status: {
      phase: status?.phase,
      conditions: status?.conditions?.map(({ type, status: value, reason, message }) => ({
        type,
        status: value,
        reason,
        message,
      })),
      initContainerStatuses: status?.initContainerStatuses?.map(slimContainer),
      containerStatuses: status?.containerStatuses?.map(slimContainer),
    },
    // Members that are undefined here are absent in the model, and read alike.
  } as Pod;
}

function slimContainer({ name, state }: { readonly name: string; readonly state?: unknown }): object {
  return { name, state };
}

/** Who owns it, and which revision it is. */
function slimOwned(object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata } = object;
  return { apiVersion, kind, metadata, ...('revision' in object && { revision: object.revision }) };
}

/** Metadata changes with every write: only what is looked at counts. */
function looksAt({ metadata, spec, status }: Pod): string {
  const { uid, labels, annotations, ownerReferences, deletionTimestamp } = metadata;
  return JSON.stringify([uid, labels, annotations, ownerReferences, deletionTimestamp, spec, status]);
}
