import type { KubeObject } from '../objects/index.ts';
import { intern } from './intern.ts';

/** Fields whose texts are others in each object: there is nothing to share. */
const UNIQUE: ReadonlySet<string> = new Set(['annotations', 'creationTimestamp', 'digest', 'resourceVersion', 'uid']);

/**
 * Freezes a JSON value through and through, so that no reader of a cache can change it for the others, and lets equal
 * texts be one string.
 */
export function deepFreeze<T>(value: T, shares = true): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const parts = value as Record<string, unknown>;
  for (const field of Object.keys(parts)) {
    const part = parts[field];
    const shared = shares && !UNIQUE.has(field);
    if (typeof part === 'string' && shared) parts[field] = intern(part);
    else deepFreeze(part, shared);
  }
  return Object.freeze(value);
}

/** The object without `managedFields`, which is often most of it and which no reader of a cache needs. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata.managedFields === undefined) return object;
  // A copy, not `delete`, which would leave the object in V8's larger and slower dictionary form.
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
