import type { KubeObject, ObjectKey } from '../objects/index.ts';
import { allOf, onShelf, put, take, type Shelf } from './shelf.ts';

/** Values under which an object is found; none leaves it out of the index. */
export type IndexFunction<T extends KubeObject> = (object: T) => readonly string[];

/** Reads from a cache. What comes out is deep-frozen and may be behind the API server. */
export interface Lister<T extends KubeObject> {
  readonly size: number;
  get(key: ObjectKey): T | undefined;
  /** Every object, or those of one namespace. */
  list(namespace?: string): readonly T[];
  /** Objects that the named index holds under `value`; throws for an index that was never added. */
  byIndex(index: string, value: string): readonly T[];
}

interface Index<T extends KubeObject> {
  readonly valuesOf: IndexFunction<T>;
  readonly objects: Map<string, Set<T>>;
}

/** Objects by namespace and name, with indexes kept up to date. Holds what it is given; freezing is the informer's part. */
export class Store<T extends KubeObject> implements Lister<T> {
  /** By namespace ('' for cluster-scoped kinds), then by name: a key of its own per object would cost as much again. */
  readonly #namespaces = new Map<string, Shelf<T>>();
  readonly #indexes = new Map<string, Index<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get({ namespace, name }: ObjectKey): T | undefined {
    return onShelf(this.#namespaces.get(namespace ?? ''), name);
  }

  list(namespace?: string): readonly T[] {
    return namespace === undefined
      ? [...this.#namespaces.values()].flatMap((shelf) => allOf(shelf))
      : [...allOf(this.#namespaces.get(namespace))];
  }

  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new RangeError(`there is no index ${name}: add it before reading from it`);
    return [...(index.objects.get(value) ?? [])];
  }

  /** Adds an index over what is held and what will come. Throws when the name is taken by another function. */
  addIndex(name: string, valuesOf: IndexFunction<T>): void {
    const known = this.#indexes.get(name);
    if (known?.valuesOf === valuesOf) return;
    if (known !== undefined) throw new RangeError(`index ${name} exists already with another function`);
    const index: Index<T> = { valuesOf, objects: new Map() };
    this.#indexes.set(name, index);
    for (const object of this.list()) enter(index, object);
  }

  /** Puts an object in and returns the one that it replaces. */
  set(object: T): T | undefined {
    const { namespace = '', name } = object.metadata;
    const shelf = this.#namespaces.get(namespace);
    const old = onShelf(shelf, name);
    for (const index of this.#indexes.values()) {
      if (old !== undefined) leave(index, old);
      enter(index, object);
    }
    this.#namespaces.set(namespace, put(shelf, object));
    if (old === undefined) this.#size++;
    return old;
  }

  /** Takes an object out and returns it. */
  delete({ namespace = '', name }: ObjectKey): T | undefined {
    const shelf = this.#namespaces.get(namespace);
    const old = onShelf(shelf, name);
    if (shelf === undefined || old === undefined) return undefined;
    for (const index of this.#indexes.values()) leave(index, old);
    const left = take(shelf, name);
    if (left === undefined) this.#namespaces.delete(namespace);
    else this.#namespaces.set(namespace, left);
    this.#size--;
    return old;
  }
}

function enter<T extends KubeObject>({ valuesOf, objects }: Index<T>, object: T): void {
  for (const value of valuesOf(object)) {
    const found = objects.get(value);
    if (found === undefined) objects.set(value, new Set([object]));
    else found.add(object);
  }
}

function leave<T extends KubeObject>({ valuesOf, objects }: Index<T>, object: T): void {
  for (const value of valuesOf(object)) {
    const found = objects.get(value);
    found?.delete(object);
    if (found?.size === 0) objects.delete(value);
  }
}
