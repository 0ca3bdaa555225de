import type { KubeObject, ResourceType } from '../objects/index.ts';
import type { IndexFunction, Lister } from './store.ts';

/** Called for every change that an informer sees. What is passed is deep-frozen. A handler that throws is logged. */
export interface EventHandler<T extends KubeObject> {
  /** `initial`: the object was there when the cache (or this handler) started, rather than created since. */
  add?(object: T, context: { readonly initial: boolean }): void;
  /** `old` and `object` are the same object on a resync. */
  update?(object: T, old: T): void;
  /** `stale`: the deletion itself was missed; `object` is the last state that was seen. */
  delete?(object: T, context: { readonly stale: boolean }): void;
}

/** What an informer follows, and what it keeps of each object. */
export interface InformerOptions<T extends KubeObject> {
  /** Left out: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Slims an object before it is frozen and kept; must keep `metadata`. `managedFields` are dropped after it. */
  readonly transform?: ((object: T) => T) | undefined;
  /**
   * An older API server may not serve this kind: then there are none, and it is asked again every ten minutes, since
   * nothing tells when a server is upgraded. Left out: a kind that is not served keeps the cache from being synced.
   */
  readonly optional?: true | undefined;
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>> | undefined;
  /** Milliseconds between resyncs (each object is handed out as an update of itself); 0 for none. Default 0. */
  readonly resync?: number | undefined;
}

/** A cache of one kind of object that follows the API server, shared by everybody who asks for the same selection. */
export interface Informer<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly lister: Lister<T>;
  /** The first list is in the store. Stays true afterwards. */
  readonly synced: boolean;
  /** The API server serves the kind; false before the first list, and of an optional kind that it does not have. */
  readonly served: boolean;
  /** Resolves once synced; rejects with the signal's reason when it aborts first. */
  whenSynced(signal?: AbortSignal): Promise<void>;
  /** Adds a handler; it sees what is cached already as initial adds. Returns what removes it. */
  addHandler(handler: EventHandler<T>): () => void;
  addIndex(name: string, valuesOf: IndexFunction<T>): void;
  /**
   * Takes the answer of an own write into the cache, unless the cache has seen newer: a reconcile then reads its own
   * writes without waiting for the watch.
   */
  absorb(object: T): void;
  /** Follows the API server until `signal` aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}
