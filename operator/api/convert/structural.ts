import { z } from 'zod';

import { SchemaError } from './errors.ts';
import { refuseLosses } from './lost.ts';
import type { Structural } from './types.ts';
import { hoist } from './unions.ts';

/** What `z.toJSONSchema` gives, before it is narrowed to what the API server takes. */
type Raw = Readonly<Record<string, unknown>> & {
  readonly type?: Structural['type'];
  readonly properties?: Readonly<Record<string, Raw>>;
  readonly items?: Raw;
  readonly additionalProperties?: Raw | boolean;
  readonly anyOf?: readonly Raw[];
  readonly oneOf?: readonly Raw[];
};

const carried = [
  'description',
  'type',
  'format',
  'default',
  'enum',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'maxProperties',
  'required',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
] as const;
const handled = new Set<string>([...carried, 'properties', 'items', 'additionalProperties', 'anyOf', 'oneOf']);

/** Formats that the API server checks as zod does. */
const formats = new Set(['date-time', 'int32', 'int64']);

/**
 * The structural schema of a zod schema (runtime.md, "CRDs from zod"; Kubernetes, "Specifying a structural schema").
 *
 * @param path where the schema stands, for messages
 * @throws {SchemaError} for what a CRD cannot say, for strings, lists and maps without a bound, and for fields without a
 *   description
 */
export function structural(schema: z.ZodType, path: string): Structural {
  refuseLosses(schema, path);
  const raw = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    reused: 'inline',
    unrepresentable: 'throw',
  });
  // zod types JSON Schema by its own draft; Raw names what is read of it.
  return convert(raw as Raw, path);
}

function convert(raw: Raw, path: string): Structural {
  for (const key of Object.keys(raw)) {
    if (!handled.has(key)) throw new SchemaError(path, `uses ${key}, which a structural schema does not have`);
  }
  const result: Structural = Object.fromEntries(carried.flatMap((key) => (key in raw ? [[key, raw[key]]] : [])));
  for (const junctor of ['anyOf', 'oneOf'] as const) {
    const branches = raw[junctor];
    if (branches !== undefined)
      Object.assign(
        result,
        hoist(
          junctor,
          branches.map((branch) => convert(branch, path)),
          path,
        ),
      );
  }
  if (raw.type === 'object') convertObject(raw, result, path);
  else if (raw.type === 'array') convertArray(raw, result, path);
  else if (raw.type === 'string') checkString(result, path);
  else if (raw.type === 'integer') convertInteger(result);
  else if (result.type === undefined && result['x-kubernetes-int-or-string'] === undefined) {
    throw new SchemaError(path, 'has no type: write one, or embedded() for an object that Kubernetes defines');
  }
  return result;
}

function convertObject(raw: Raw, result: Structural, path: string): void {
  const properties = Object.entries(raw.properties ?? {});
  const rest = raw.additionalProperties;
  if (properties.length > 0) {
    result.properties = Object.fromEntries(
      properties.map(([key, child]) => {
        const converted = convert(child, `${path}.${key}`);
        if (converted.description === undefined) throw new SchemaError(`${path}.${key}`, 'has no description');
        return [key, converted];
      }),
    );
  }
  // A loose object arrives as an empty schema for the rest. `false` (strict) is not structural: the server prunes anyway.
  const loose = typeof rest === 'object' && Object.keys(rest).length === 0;
  if (loose || (properties.length === 0 && typeof rest !== 'object')) {
    result['x-kubernetes-preserve-unknown-fields'] = true;
  } else if (typeof rest === 'object') {
    if (properties.length > 0) throw new SchemaError(path, 'has both fields and a type for other fields: choose one');
    if (result.maxProperties === undefined) throw new SchemaError(path, 'is a map without maxProperties');
    result.additionalProperties = convert(rest, `${path}{}`);
  }
}

function convertArray(raw: Raw, result: Structural, path: string): void {
  if (result.maxItems === undefined) throw new SchemaError(path, 'is a list without a maximum');
  if (result['x-kubernetes-list-type'] === undefined) throw new SchemaError(path, 'is a list without a list type');
  const items = convert(raw.items ?? {}, `${path}[]`);
  for (const key of result['x-kubernetes-list-map-keys'] ?? []) {
    if (!items.required?.includes(key) && items.properties?.[key]?.default === undefined) {
      throw new SchemaError(`${path}[].${key}`, 'is a key of its list: make it required, or give it a default');
    }
  }
  result.items = items;
}

function checkString(result: Structural, path: string): void {
  if (result.format !== undefined && !formats.has(result.format)) {
    throw new SchemaError(path, `has the format ${result.format}, which the API server reads otherwise or not at all`);
  }
  if (result.maxLength === undefined && result.enum === undefined) {
    throw new SchemaError(path, 'is a string without a maximum length');
  }
  if (result.pattern !== undefined) result.pattern = result.pattern.replaceAll('\\/', '/');
}

function convertInteger(result: Structural): void {
  result.format = 'int64';
  if (result.minimum === Number.MIN_SAFE_INTEGER) delete result.minimum;
  if (result.maximum === Number.MAX_SAFE_INTEGER) delete result.maximum;
}
