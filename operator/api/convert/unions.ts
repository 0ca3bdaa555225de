import { isDeepStrictEqual } from 'node:util';

import { SchemaError } from './errors.ts';
import type { Structural } from './types.ts';

/**
 * A structural schema types a value outside of `anyOf` and `oneOf`; branches only narrow it. This brings a union of
 * objects, or of an integer and a string, into that form.
 *
 * @param branches already structural
 * @throws {SchemaError} for any other union, and where branches type one field differently
 */
export function hoist(junctor: 'anyOf' | 'oneOf', branches: readonly Structural[], path: string): Structural {
  const types = branches.map(({ type }) => type).sort();
  if (isDeepStrictEqual(types, ['integer', 'string'])) return intOrString(branches);
  if (types.every((type) => type === 'object')) return objects(junctor, branches, path);
  throw new SchemaError(
    path,
    `is a union of ${types.join(', ')}: only objects, or an integer and a string, can be united`,
  );
}

function intOrString(branches: readonly Structural[]): Structural {
  const merged: Structural = Object.assign({}, ...branches);
  const { type: _type, format: _format, maximum: _maximum, ...narrowing } = merged;
  return { ...narrowing, 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] };
}

function objects(junctor: 'anyOf' | 'oneOf', branches: readonly Structural[], path: string): Structural {
  const properties: Record<string, Structural> = {};
  const differing = new Set<string>();
  for (const branch of branches) {
    for (const [key, schema] of Object.entries(branch.properties ?? {})) {
      const known = properties[key];
      if (known === undefined) properties[key] = schema;
      else if (!isDeepStrictEqual(known, schema)) {
        properties[key] = uniteEnums(known, schema, `${path}.${key}`);
        differing.add(key);
      }
    }
  }
  const always = (branches[0]?.required ?? []).filter((key) =>
    branches.every((branch) => branch.required?.includes(key)),
  );
  const narrowed = branches.map((branch): Structural => {
    const required = (branch.required ?? []).filter((key) => !always.includes(key));
    const enums = Object.entries(branch.properties ?? {}).filter(([key]) => differing.has(key));
    return {
      ...(enums.length > 0 && {
        properties: Object.fromEntries(enums.map(([key, { enum: values = [] }]) => [key, { enum: values }])),
      }),
      ...(required.length > 0 && { required }),
    };
  });
  return { type: 'object', properties, ...(always.length > 0 && { required: always }), [junctor]: narrowed };
}

function uniteEnums(one: Structural, other: Structural, path: string): Structural {
  if (one.type !== other.type || one.enum === undefined || other.enum === undefined) {
    throw new SchemaError(path, 'has different types in the branches of a union: give it one, or another name');
  }
  return { ...one, enum: [...new Set([...one.enum, ...other.enum])] };
}
