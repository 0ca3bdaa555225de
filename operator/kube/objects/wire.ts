import type { KubeObject } from './object.ts';

/**
 * A model of `@kubernetes/client-node` as it is on the wire: its classes turn times into `Date` and put `_` before names
 * that TypeScript reserves (`_from`, `_continue`); JSON has strings and the real names.
 */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Wire<Item>[]
    : T extends object
      ? { readonly [K in keyof T as K extends `_${infer Name}` ? Name : K]: Wire<T[K]> }
      : T;

/** An object whose `spec`, `status`, `data`, ... come from a client-node model. */
export type ObjectFrom<T> = KubeObject & Omit<Wire<T>, keyof KubeObject>;
