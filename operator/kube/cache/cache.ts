import { setMaxListeners } from 'node:events';
import type { Client } from '../client/client.ts';
import type { Clock, Random } from '../clock/index.ts';
import { silentLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { resourceName } from '../objects/index.ts';
import type { KubeObject, ResourceType } from '../objects/index.ts';
import { SharedInformer } from './shared-informer.ts';
import type { Informer, InformerOptions } from './types.ts';

export interface CacheOptions {
  readonly client: Pick<Client, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly random?: Random | undefined;
  readonly logger?: Logger | undefined;
  /** Milliseconds; what informers that do not say otherwise resync at. Default 10 h. */
  readonly resync?: number | undefined;
}

/** What the cache does with an informer, of whatever kind its objects are. */
type Held = Pick<SharedInformer<KubeObject>, 'type' | 'lister' | 'synced' | 'whenSynced' | 'covers' | 'absorb' | 'run'>;

interface Entry {
  readonly informer: Held;
  readonly transform: unknown;
}

/** What a cache knows of one object. */
export interface Cached<T extends KubeObject> {
  readonly object: T | undefined;
}

/**
 * The informers of a process: one per kind and selection, however many ask. An informer that is asked for after
 * {@link Cache.run} began starts at once.
 *
 * @example
 * const pods = cache.informer(Pod, { labelSelector: 'app=web' });
 * pods.addHandler({ add: (pod) => console.log(pod.metadata.name) });
 */
export class Cache {
  readonly #options: CacheOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Set<Promise<void>>();
  #signal: AbortSignal | undefined;

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  /**
   * The informer for a kind and a selection. Throws RangeError when it exists already with another `transform`, for then
   * one of the two askers would not see what it expects.
   */
  informer<T extends KubeObject>(type: ResourceType<T>, options: InformerOptions<T> = {}): Informer<T> {
    const { namespace = '', labelSelector = '', fieldSelector = '' } = options;
    const key = JSON.stringify([type.apiVersion, type.plural, namespace, labelSelector, fieldSelector]);
    const known = this.#entries.get(key);
    if (known === undefined) return this.#create(key, type, options);
    if (known.transform !== options.transform) {
      throw new RangeError(`the informer of ${resourceName(type)} exists with another transform: share one function`);
    }
    // The key holds the type, so the entry's objects are T's.
    const informer = known.informer as SharedInformer<T>;
    for (const [name, valuesOf] of Object.entries(options.indexes ?? {})) informer.addIndex(name, valuesOf);
    return informer;
  }

  /** What the cache holds of an object like this one; undefined when no synced informer would hold it. */
  lookup<T extends KubeObject>(type: ResourceType<T>, object: KubeObject): Cached<T> | undefined {
    for (const { informer } of this.#of(type, object)) {
      if (!informer.synced) continue;
      // Informers of `type` hold T's.
      const held = informer.lister.get({ namespace: object.metadata.namespace, name: object.metadata.name }) as
        T | undefined;
      return { object: held };
    }
    return undefined;
  }

  /** Hands the answer of an own write to every informer that would hold the object. */
  absorb<T extends KubeObject>(type: ResourceType<T>, object: T): void {
    for (const { informer } of this.#of(type, object)) informer.absorb(structuredClone(object));
  }

  /** Every informer has its first list. */
  get synced(): boolean {
    return this.unsynced.length === 0;
  }

  /** Names of the resources whose first list is still missing. */
  get unsynced(): readonly string[] {
    return [...this.#entries.values()]
      .filter(({ informer }) => !informer.synced)
      .map(({ informer }) => resourceName(informer.type));
  }

  /** Resolves when every informer known now has its first list; rejects when `signal` aborts first. */
  async whenSynced(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ informer }) => informer.whenSynced(signal)));
  }

  /** Follows the API server until `signal` aborts and every informer has stopped. */
  async run(signal: AbortSignal): Promise<void> {
    setMaxListeners(0, signal);
    this.#signal = signal;
    for (const { informer } of this.#entries.values()) this.#start(informer, signal);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.all(this.#running);
  }

  *#of<T extends KubeObject>(type: ResourceType<T>, object: KubeObject): Generator<Entry> {
    for (const entry of this.#entries.values()) {
      const { informer } = entry;
      const same = informer.type.plural === type.plural && informer.type.apiVersion === type.apiVersion;
      if (same && informer.covers(object)) yield entry;
    }
  }

  #create<T extends KubeObject>(key: string, type: ResourceType<T>, options: InformerOptions<T>): Informer<T> {
    const { client, clock, random = Math.random, logger = silentLogger, resync = 36_000_000 } = this.#options;
    const informer = new SharedInformer(type, { resync, ...options }, { client, clock, random, logger });
    this.#entries.set(key, { informer, transform: options.transform });
    if (this.#signal !== undefined && !this.#signal.aborted) this.#start(informer, this.#signal);
    return informer;
  }

  #start(informer: Held, signal: AbortSignal): void {
    const running = informer.run(signal).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}
