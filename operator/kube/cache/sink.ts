import type { KubeObject } from '../objects/index.ts';

/** Where a reflector delivers what it learns. Objects are freshly parsed and become the sink's own. */
export interface Sink<T extends KubeObject> {
  /**
   * What the sink keeps of an object. Asked for each object of a list as soon as it is read, so that a list is never held
   * as a whole in the form in which it travels, which is several times larger.
   */
  keep(object: T): T;
  /** The complete state at `resourceVersion`, as {@link keep} gave it back: what is not in it is gone. */
  replace(objects: readonly T[], resourceVersion: string): void;
  /** The object exists like this. */
  upsert(object: T, resourceVersion: string): void;
  /** The object was deleted, or left the selection; `object` is its last state. */
  remove(object: T, resourceVersion: string): void;
  /** Nothing changed up to `resourceVersion`. */
  progress(resourceVersion: string): void;
}
