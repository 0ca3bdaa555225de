import type { KubeObject } from '../objects/index.ts';

/** Where a reflector delivers what it learns. Objects are freshly parsed and become the sink's own. */
export interface Sink<T extends KubeObject> {
  /** The complete state at `resourceVersion`: what is not in it is gone. */
  replace(objects: readonly T[], resourceVersion: string): void;
  /** The object exists like this. */
  upsert(object: T, resourceVersion: string): void;
  /** The object was deleted, or left the selection; `object` is its last state. */
  remove(object: T, resourceVersion: string): void;
  /** Nothing changed up to `resourceVersion`. */
  progress(resourceVersion: string): void;
}
