import type { KubeObject } from '../objects/index.ts';

/** Freezes a JSON value through and through, so that no reader of a cache can change it for the others. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

/** The object without `managedFields`, which is often most of it and which no reader of a cache needs. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata.managedFields === undefined) return object;
  // A copy, not `delete`, which would leave the object in V8's larger and slower dictionary form.
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
