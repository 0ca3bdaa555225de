/** Walks structural schemas and the values under them side by side. */
import { isDeepStrictEqual } from 'node:util';
import type { Structural } from '../../operator/api/convert/index.ts';

/** Keys and indexes from the root of an object. */
export type Path = readonly (string | number)[];

/** A place in an object and the schema that rules there. */
export interface Place {
  readonly path: Path;
  readonly schema: Structural;
  readonly value: unknown;
  /** Whether the field can be left out. */
  readonly optional: boolean;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every place of a value that its schema knows. */
export function* places(schema: Structural, value: unknown, path: Path = [], optional = false): Generator<Place> {
  yield { path, schema, value, optional };
  if (Array.isArray(value) && schema.items !== undefined) {
    for (const [index, item] of value.entries()) yield* places(schema.items, item, [...path, index], false);
  }
  if (isObject(value)) {
    for (const [key, child] of Object.entries(schema.properties ?? {})) {
      if (key in value) yield* places(child, value[key], [...path, key], !schema.required?.includes(key));
    }
  }
}

/** Every field that a schema has, by its path (`spec.workloads[].name`). */
export function fieldsOf(schema: Structural, path = ''): ReadonlyMap<string, Structural> {
  const fields = new Map<string, Structural>();
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? key : `${path}.${key}`;
    fields.set(at, child);
    for (const [field, below] of fieldsOf(child, at)) fields.set(field, below);
  }
  if (schema.items !== undefined)
    for (const [field, below] of fieldsOf(schema.items, `${path}[]`)) fields.set(field, below);
  return fields;
}

/** `spec.workloads[0].name`, as the API server writes a path. */
export function printed(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .slice(1);
}

/** The same without the indexes. */
export function general(path: Path): string {
  return printed(path).replaceAll(/\[[0-9]+\]/g, '[]');
}

/** A copy with one place changed; `undefined` removes it. */
export function withValue<T>(object: T, path: Path, value: unknown): T {
  // By way of JSON: structuredClone would keep parts shared that a sample uses twice, and change both.
  const copy = JSON.parse(JSON.stringify(object)) as T;
  let parent: Record<string | number, unknown> = copy as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) parent = parent[step] as Record<string | number, unknown>;
  const last = path.at(-1)!;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

/** A changed object and whether the schema of that field alone refuses it. */
export interface Variant {
  readonly what: string;
  readonly path: Path;
  readonly value: unknown;
  readonly refused: boolean;
}

/** What no pattern of the API takes. */
const nonsense = '\u0001 ~(?';

/** Values for a place that stay within the schema of the field, and values that leave it. */
export function* variants({ path, schema, value, optional }: Place): Generator<Variant> {
  const at = printed(path);
  const good = (what: string, other: unknown): Variant => ({
    what: `${at}: ${what}`,
    path,
    value: other,
    refused: false,
  });
  const bad = (what: string, other: unknown): Variant => ({
    what: `${at}: ${what}`,
    path,
    value: other,
    refused: true,
  });
  const isItem = typeof path.at(-1) === 'number';
  if (optional) yield good('left out', undefined);
  else if (!isItem && schema.default === undefined) yield bad('left out', undefined);
  if (schema['x-kubernetes-int-or-string'] === true) {
    yield good('number', 1);
    yield bad('words', 'plenty');
    yield bad('negative', -1);
    return;
  }
  switch (schema.type) {
    case 'string':
      yield bad('number', 7);
      yield* (schema.enum ?? []).map((word) => good(String(word), word));
      if (schema.enum !== undefined) yield bad('unknown word', 'Nonsense');
      if (schema.maxLength !== undefined) yield bad('too long', String(value).padEnd(schema.maxLength + 1, 'a'));
      if ((schema.minLength ?? 0) > 0) yield bad('empty', '');
      if (schema.enum === undefined && (schema.pattern ?? schema['x-kubernetes-validations']) !== undefined) {
        yield bad('nonsense', nonsense);
      }
      break;
    case 'integer':
      yield bad('text', 'one');
      yield bad('fraction', 1.5);
      if (schema.minimum !== undefined) yield* [good('least', schema.minimum), bad('too small', schema.minimum - 1)];
      if (schema.maximum !== undefined) yield* [good('most', schema.maximum), bad('too big', schema.maximum + 1)];
      break;
    case 'boolean':
      yield* [good('true', true), good('false', false), bad('word', 'yes')];
      break;
    case 'array':
      yield bad('no list', 'x');
      yield* listVariants(schema, value as readonly unknown[], good, bad);
      break;
    default:
      yield bad('no object', 'x');
      yield bad('list', []);
  }
}

type Make = (what: string, value: unknown) => Variant;

function* listVariants(schema: Structural, value: readonly unknown[], good: Make, bad: Make): Generator<Variant> {
  const [first] = value;
  yield (schema.minItems ?? 0) > 0 ? bad('empty', []) : good('empty', []);
  yield bad(
    'too many',
    Array.from({ length: schema.maxItems! + 1 }, () => first),
  );
  if (schema['x-kubernetes-list-type'] !== 'atomic' && !isDeepStrictEqual(value, []))
    yield bad('twice', [...value, first]);
}
