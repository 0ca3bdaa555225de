import type { KubeObject } from '../../kube/index.ts';

/** Decides which changes are worth a reconcile. A missing function lets everything through. */
export interface Predicate<T extends KubeObject> {
  add?(object: T): boolean;
  update?(object: T, old: T): boolean;
  delete?(object: T): boolean;
}

/** The spec changed (every change of an object whose kind has no generation). Resyncs pass. */
export const generationChanged: Predicate<KubeObject> = Object.freeze({
  update: (object: KubeObject, old: KubeObject): boolean =>
    object === old ||
    object.metadata.generation === undefined ||
    object.metadata.generation !== old.metadata.generation ||
    object.metadata.deletionTimestamp !== old.metadata.deletionTimestamp,
});

/** A label changed. */
export const labelsChanged: Predicate<KubeObject> = Object.freeze({
  update: (object: KubeObject, old: KubeObject): boolean => !sameStrings(object.metadata.labels, old.metadata.labels),
});

/** An annotation changed. */
export const annotationsChanged: Predicate<KubeObject> = Object.freeze({
  update: (object: KubeObject, old: KubeObject): boolean =>
    !sameStrings(object.metadata.annotations, old.metadata.annotations),
});

/** Passes what any of the predicates passes. */
export function anyOf<T extends KubeObject>(...predicates: readonly Predicate<T>[]): Predicate<T> {
  return {
    add: (object) => predicates.some((predicate) => predicate.add?.(object) ?? true),
    update: (object, old) => predicates.some((predicate) => predicate.update?.(object, old) ?? true),
    delete: (object) => predicates.some((predicate) => predicate.delete?.(object) ?? true),
  };
}

type Strings = Readonly<Record<string, string>> | undefined;

function sameStrings(a: Strings, b: Strings): boolean {
  const left = Object.entries(a ?? {});
  return left.length === Object.keys(b ?? {}).length && left.every(([key, value]) => b?.[key] === value);
}
