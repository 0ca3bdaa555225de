import { z } from 'zod';

import { text } from './text.ts';

/** Bounds of a list; `max` is never left out, since CEL's cost estimate multiplies by it. */
interface Bounds {
  readonly min?: number;
  readonly max: number;
}

/** A list whose elements the API server merges and keeps unique by `keys` (all required, or with a default). */
export function keyedList<S extends z.ZodType>(
  description: string,
  keys: readonly (keyof z.output<S> & string)[],
  item: S,
  { min = 0, max }: Bounds,
): z.ZodArray<S> {
  return bounded(item, { min, max })
    .refine((items) => unique(items.map((entry) => keys.map((key) => entry[key]))), {
      message: `write each ${keys.join(' and ')} once`,
    })
    .meta({ description, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [...keys] });
}

/** A list of different scalars. */
export function setOf<S extends z.ZodType>(description: string, item: S, { min = 0, max }: Bounds): z.ZodArray<S> {
  return bounded(item, { min, max })
    .refine((items) => unique(items), { message: 'write each value once' })
    .meta({ description, 'x-kubernetes-list-type': 'set' });
}

/** A list that is replaced as a whole. */
export function listOf<S extends z.ZodType>(description: string, item: S, { min = 0, max }: Bounds): z.ZodArray<S> {
  return bounded(item, { min, max }).meta({ description, 'x-kubernetes-list-type': 'atomic' });
}

/** Lines of text for people; `fittedLines` fits them to the same bounds. */
export function linesOf(
  description: string,
  { count, length }: { readonly count: number; readonly length: number },
): z.ZodArray<z.ZodString> {
  return listOf(description, text('One line.', length), { max: count });
}

function bounded<S extends z.ZodType>(item: S, { min = 0, max }: Bounds): z.ZodArray<S> {
  const list = z.array(item).max(max);
  return min === 0 ? list : list.min(min);
}

function unique(values: readonly unknown[]): boolean {
  return new Set(values.map((value) => JSON.stringify(value))).size === values.length;
}
