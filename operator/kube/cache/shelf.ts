import type { KubeObject } from '../objects/index.ts';

/** Up to so many objects are looked through faster than they are hashed, and a Map of their own would outweigh them. */
const MAX_LISTED = 8;

/**
 * The objects of one kind in one namespace, by name. Most namespaces hold a handful of a kind, and a cache holds many
 * namespaces: a list of exactly so many takes a third of what a Map does.
 */
export type Shelf<T extends KubeObject> = readonly T[] | Map<string, T>;

/** The object of that name; undefined where there is none, or no shelf. */
export function onShelf<T extends KubeObject>(shelf: Shelf<T> | undefined, name: string): T | undefined {
  if (shelf instanceof Map) return shelf.get(name);
  return shelf?.find(({ metadata }) => metadata.name === name);
}

/** All objects of a shelf, in no order that may be relied on. */
export function allOf<T extends KubeObject>(shelf: Shelf<T> | undefined): readonly T[] {
  return shelf instanceof Map ? [...shelf.values()] : (shelf ?? []);
}

/** The shelf with an object on it, in the place of the one of its name. */
export function put<T extends KubeObject>(shelf: Shelf<T> | undefined, object: T): Shelf<T> {
  const { name } = object.metadata;
  if (shelf instanceof Map) return shelf.set(name, object);
  const others = (shelf ?? []).filter(({ metadata }) => metadata.name !== name);
  // Not a spread: V8 leaves room for sixteen more behind what is spread.
  if (others.length < MAX_LISTED) return others.concat([object]);
  return new Map([...others, object].map((each) => [each.metadata.name, each]));
}

/** The shelf without the object of that name; undefined when it is empty then. */
export function take<T extends KubeObject>(shelf: Shelf<T>, name: string): Shelf<T> | undefined {
  if (shelf instanceof Map) {
    shelf.delete(name);
    return shelf.size === 0 ? undefined : shelf;
  }
  const left = shelf.filter(({ metadata }) => metadata.name !== name);
  return left.length === 0 ? undefined : left;
}
