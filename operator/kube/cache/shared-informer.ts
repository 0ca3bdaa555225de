import type { Client } from '../client/client.ts';
import type { Clock, Random } from '../clock/index.ts';
import type { Logger } from '../logger.ts';
import { compareResourceVersions, keyOf, parseKey, resourceName } from '../objects/index.ts';
import type { KubeObject, ObjectKey, ResourceType } from '../objects/index.ts';
import { deepFreeze, withoutManagedFields } from './freeze.ts';
import { Reflector } from './reflector.ts';
import { selects } from './selection.ts';
import type { Sink } from './sink.ts';
import { Store } from './store.ts';
import type { IndexFunction, Lister } from './store.ts';
import type { EventHandler, Informer, InformerOptions } from './types.ts';

export interface InformerDependencies {
  readonly client: Pick<Client, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** {@link Informer} over a {@link Reflector} and a {@link Store}. */
export class SharedInformer<T extends KubeObject> implements Informer<T>, Sink<T> {
  readonly type: ResourceType<T>;
  readonly #dependencies: InformerDependencies;
  readonly #options: InformerOptions<T>;
  readonly #store = new Store<T>();
  readonly #handlers = new Set<EventHandler<T>>();
  readonly #selects: (object: KubeObject) => boolean;
  readonly #firstSync = Promise.withResolvers<void>();
  /** Own writes that the watch has not shown yet: key to resource version. */
  readonly #ahead = new Map<string, string>();
  #resourceVersion: string | undefined;

  constructor(type: ResourceType<T>, options: InformerOptions<T>, dependencies: InformerDependencies) {
    this.type = type;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#selects = selects(options);
    for (const [name, valuesOf] of Object.entries(options.indexes ?? {})) this.#store.addIndex(name, valuesOf);
  }

  get lister(): Lister<T> {
    return this.#store;
  }

  get synced(): boolean {
    return this.#resourceVersion !== undefined;
  }

  get served(): boolean {
    // What is not served is empty, at no version.
    return this.#resourceVersion !== undefined && this.#resourceVersion !== '';
  }

  async whenSynced(signal?: AbortSignal): Promise<void> {
    if (this.synced) return;
    if (signal === undefined) return this.#firstSync.promise;
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.#firstSync.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  addHandler(handler: EventHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of this.#store.list()) this.#tell(handler, (to) => to.add?.(object, { initial: true }));
    return () => void this.#handlers.delete(handler);
  }

  addIndex(name: string, valuesOf: IndexFunction<T>): void {
    this.#store.addIndex(name, valuesOf);
  }

  covers(object: KubeObject): boolean {
    return this.#selects(object);
  }

  absorb(object: T): void {
    const { resourceVersion } = object.metadata;
    if (resourceVersion === undefined || !this.#selects(object)) return;
    // Not newer than the watch: the watch has told of this write already, and of what came after it.
    const order = compareResourceVersions(resourceVersion, this.#resourceVersion);
    if (order === undefined || order <= 0) return;
    this.#ahead.set(keyOf(object), resourceVersion);
    this.#put(object, {});
  }

  async run(signal: AbortSignal): Promise<void> {
    const { type } = this;
    const reflector = new Reflector({
      ...this.#dependencies,
      type,
      selection: this.#options,
      optional: this.#options.optional,
      sink: this,
    });
    const stopResync = this.#resyncPeriodically();
    await reflector.run(signal);
    stopResync();
  }

  keep(object: T): T {
    const slim = this.#options.transform === undefined ? object : this.#options.transform(object);
    return deepFreeze(withoutManagedFields(slim));
  }

  replace(objects: readonly T[], resourceVersion: string): void {
    const initial = !this.synced;
    const gone = new Set(this.#store.list().map(keyOf));
    for (const key of this.#ahead.keys()) if (this.#isAhead(key, resourceVersion)) gone.delete(key);
    for (const object of objects) {
      const key = keyOf(object);
      gone.delete(key);
      if (!this.#isAhead(key, resourceVersion)) this.#put(object, { initial, listed: true });
    }
    for (const key of gone) this.#take(parseKey(key), undefined);
    this.#ahead.clear();
    this.#resourceVersion = resourceVersion;
    if (initial) this.#firstSync.resolve();
  }

  upsert(object: T, resourceVersion: string): void {
    this.progress(resourceVersion);
    this.#put(object, {});
  }

  remove(object: T, resourceVersion: string): void {
    this.progress(resourceVersion);
    const known = this.#store.get(object.metadata);
    if (known === undefined) return;
    const order = compareResourceVersions(object.metadata.resourceVersion, known.metadata.resourceVersion);
    // The deletion of an earlier object of that name, while the answer to creating the present one was absorbed.
    if (order !== undefined && order < 0) return;
    this.#take(object.metadata, object);
  }

  progress(resourceVersion: string): void {
    this.#resourceVersion = resourceVersion;
    for (const key of this.#ahead.keys()) if (!this.#isAhead(key, resourceVersion)) this.#ahead.delete(key);
  }

  #isAhead(key: string, resourceVersion: string): boolean {
    const order = compareResourceVersions(this.#ahead.get(key), resourceVersion);
    return order !== undefined && order > 0;
  }

  /**
   * @param listed the object comes from a full list: it is in the form that is kept, and right even where it is older (a
   *   restored server)
   */
  #put(object: T, { initial = false, listed = false }: { initial?: boolean; listed?: boolean }): void {
    const old = this.#store.get(object.metadata);
    if (old !== undefined) {
      const order = compareResourceVersions(object.metadata.resourceVersion, old.metadata.resourceVersion);
      if (order === 0 || (order !== undefined && order < 0 && !listed)) return;
    }
    const kept = listed ? object : this.keep(object);
    if (old !== undefined && old.metadata.uid !== object.metadata.uid) {
      // Deleted and made again while nobody looked: two objects, not one that changed.
      this.#take(object.metadata, undefined);
      this.#store.set(kept);
      this.#notify((to) => to.add?.(kept, { initial }));
      return;
    }
    this.#store.set(kept);
    this.#notify(old === undefined ? (to) => to.add?.(kept, { initial }) : (to) => to.update?.(kept, old));
  }

  /** @param last the state that the deletion carried; undefined when the deletion was not seen */
  #take(key: ObjectKey, last: T | undefined): void {
    const old = this.#store.delete(key);
    if (old === undefined) return;
    const object = last === undefined ? old : this.keep(last);
    this.#notify((to) => to.delete?.(object, { stale: last === undefined }));
  }

  #notify(call: (handler: EventHandler<T>) => void): void {
    for (const handler of this.#handlers) this.#tell(handler, call);
  }

  #tell(handler: EventHandler<T>, call: (handler: EventHandler<T>) => void): void {
    try {
      call(handler);
    } catch (error) {
      this.#dependencies.logger.error({ resource: resourceName(this.type), err: error }, 'an event handler threw');
    }
  }

  #resyncPeriodically(): () => void {
    const { resync = 0 } = this.#options;
    if (resync <= 0) return () => undefined;
    const { clock, random } = this.#dependencies;
    const period = resync * (0.9 + random() * 0.2);
    const again = (): void => {
      timer = clock.setTimer(period, again);
      for (const object of this.#store.list()) this.#notify((to) => to.update?.(object, object));
    };
    let timer = clock.setTimer(period, again);
    return () => timer.cancel();
  }
}
