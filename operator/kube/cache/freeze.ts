import type { KubeObject } from '../objects/index.ts';
import { intern } from './intern.ts';

/** Fields whose texts are others in each object: there is nothing to share. */
const UNIQUE: ReadonlySet<string> = new Set(['annotations', 'creationTimestamp', 'digest', 'resourceVersion', 'uid']);

/**
 * Freezes a JSON value through and through, so that no reader of a cache can change it for the others, and lets equal
 * texts be one string. Without recursion: an API server takes 10,000 levels, and a stack does not.
 */
export function deepFreeze<T>(value: T): T {
  const open: Pending[] = [];
  add(open, value, true);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { parts, shares } = next;
    for (const field of Object.keys(parts)) {
      const part = parts[field];
      const shared = shares && !UNIQUE.has(field);
      if (typeof part === 'string') {
        if (shared) parts[field] = intern(part);
      } else add(open, part, shared);
    }
    Object.freeze(parts);
  }
  return value;
}

interface Pending {
  readonly parts: Record<string, unknown>;
  readonly shares: boolean;
}

function add(open: Pending[], value: unknown, shares: boolean): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  // Arrays too: their indexes are names.
  open.push({ parts: value as Record<string, unknown>, shares });
}

/** The object without `managedFields`, which is often most of it and which no reader of a cache needs. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata.managedFields === undefined) return object;
  // A copy, not `delete`, which would leave the object in V8's larger and slower dictionary form.
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
