import type { z } from 'zod';

import { validationsKey } from '../schema/rule.ts';
import { SchemaError } from './errors.ts';

/** Any zod schema, seen through its definition: the classes do not tell what JSON Schema drops. */
type AnySchema = z.core.$ZodType;

/**
 * Throws on everything that `z.toJSONSchema` drops or changes silently: refinements that are not restated for the API
 * server, patterns of record keys, flags of patterns, transforms, recursion (runtime.md, "CRDs from zod").
 *
 * @throws {SchemaError} naming the path and what to write instead
 */
export function refuseLosses(schema: AnySchema, path: string, above: readonly AnySchema[] = []): void {
  if (above.includes(schema))
    throw new SchemaError(path, 'is recursive, which no structural schema can be: use embedded()');
  const inside = [...above, schema];
  checkChecks(schema, path);
  for (const [child, at] of children(schema, path)) refuseLosses(child, at, inside);
}

function metaOf(schema: AnySchema): Readonly<Record<string, unknown>> {
  // zod knows it by its core type alone; meta() is on every schema that it makes.
  return (schema as z.ZodType).meta() ?? {};
}

/** Keys by which a refinement is stated again in the structural schema. */
function isRestated(schema: AnySchema): boolean {
  const meta = metaOf(schema);
  return (
    meta[validationsKey] !== undefined ||
    meta['x-kubernetes-list-type'] === 'map' ||
    meta['x-kubernetes-list-type'] === 'set' ||
    meta['maxProperties'] !== undefined ||
    meta['format'] === 'date-time'
  );
}

function checkChecks(schema: AnySchema, path: string): void {
  for (const check of schema._zod.def.checks ?? []) {
    // The definition of a check is a union over `check`; this names what is read of it.
    const { check: kind, pattern } = check._zod.def as { readonly check: string; readonly pattern?: RegExp };
    if (kind === 'custom' && !isRestated(schema)) {
      throw new SchemaError(path, 'has a refine that the API server would not see: state it with withRules()');
    }
    if (kind === 'overwrite')
      throw new SchemaError(path, 'changes its input, which the API server does not: use a pattern');
    if (pattern !== undefined && pattern.flags.replace('u', '') !== '') {
      throw new SchemaError(path, `has a pattern with flags (${pattern.flags}), which are lost: write it without`);
    }
  }
}

/** @throws SchemaError when zod has no such part: it would go unread */
function part(schema: AnySchema | undefined, path: string): readonly (readonly [AnySchema, string])[] {
  if (schema === undefined) throw new SchemaError(path, 'has a part that zod does not show: see what changed in zod');
  return [[schema, path]];
}

function children(schema: AnySchema, path: string): readonly (readonly [AnySchema, string])[] {
  // The definition of a schema is a union over `type`; this names the parts that are read here.
  const def = schema._zod.def as {
    readonly type: string;
    readonly shape?: Readonly<Record<string, AnySchema>>;
    readonly element?: AnySchema;
    readonly innerType?: AnySchema;
    readonly options?: readonly AnySchema[];
    readonly keyType?: AnySchema;
    readonly valueType?: AnySchema;
  };
  switch (def.type) {
    case 'object':
      return Object.entries(def.shape ?? {}).map(([key, child]) => [child, `${path}.${key}`]);
    case 'array':
      return part(def.element, `${path}[]`);
    case 'union':
      return def.options?.map((option) => [option, path]) ?? part(undefined, path);
    case 'optional':
    case 'default':
    case 'prefault':
      return part(def.innerType, path);
    case 'record': {
      const { type, checks = [] } = def.keyType?._zod.def ?? { type: undefined };
      if ((type !== 'string' || checks.length > 0) && metaOf(schema)[validationsKey] === undefined) {
        throw new SchemaError(path, 'restricts its keys, which is lost: state it with withRules()');
      }
      return part(def.valueType, `${path}{}`);
    }
    case 'string':
    case 'number':
    case 'boolean':
    case 'enum':
    case 'literal':
      return [];
    default:
      throw new SchemaError(path, `is a zod ${def.type}, for which a structural schema has no word`);
  }
}
