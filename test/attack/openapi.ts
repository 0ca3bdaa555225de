/** What the API server's own OpenAPI document says of a type, and every change that an object of it can have. */
import { isMembers } from '../../operator/canonical/index.ts';
import type { Json } from '../stage/stage.ts';
import type { Stage } from '../stage/attack.ts';

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
}
export type Schemas = Readonly<Record<string, Schema>>;

/** The types of a group and version, as the server has them, by their short names (`apps.v1.DeploymentSpec`). */
export async function schemasOf({ admin }: Pick<Stage, 'admin'>, groupVersion: string): Promise<Schemas> {
  const { body } = await admin('GET', `/openapi/v3/${groupVersion}`);
  const { schemas } = (body as { readonly components: { readonly schemas: Schemas } }).components;
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name.replace(PREFIX, ''), schema]));
}
const PREFIX = /^io\.k8s\.(api|apimachinery\.pkg\.apis)\./;

/** Where the document of a type is, given its short name. */
export function groupVersionOf(type: string): string {
  const [group = '', version = ''] = type.split('.');
  // The types of every group have their metadata's type beside them.
  return ['core', 'meta'].includes(group) ? `api/${version}` : `apis/${group}/${version}`;
}

/** The fields of a type. */
export function fieldsOf(schemas: Schemas, type: string): readonly string[] {
  const { properties } = schemas[type] ?? {};
  if (properties === undefined) throw new TypeError(`the server's OpenAPI document has no type ${type} with fields`);
  return Object.keys(properties).toSorted();
}

/** An object with every field of a type, and of the types in it: lists and maps have one element each. */
export function fullOf(schemas: Schemas, type: string): Json {
  const full = valueOf(schemas, { $ref: type });
  if (!isMembers(full) || Object.keys(full).length === 0) throw new TypeError(`${type} has no fields`);
  return full;
}

function valueOf(schemas: Schemas, schema: Schema): unknown {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference !== undefined) {
    const found = schemas[(reference.split('/').at(-1) ?? '').replace(PREFIX, '')];
    if (found === undefined) throw new TypeError(`the document has no ${reference}`);
    return valueOf(schemas, found);
  }
  switch (schema.type) {
    case 'array':
      return [valueOf(schemas, schema.items ?? {})];
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return 7;
    case 'object':
      if (schema.properties === undefined) return { key: valueOf(schemas, schema.additionalProperties ?? {}) };
      return Object.fromEntries(
        Object.entries(schema.properties).map(([field, child]) => [field, valueOf(schemas, child)]),
      );
    // Quantities, times, and what is a number or a text.
    default:
      return 'text';
  }
}

/** One change of an object, at a path such as `template.spec.containers.*.image`. */
export interface Change {
  readonly path: string;
  readonly how: 'another value' | 'absent' | 'one more';
  readonly changed: unknown;
}

/** Every single change of a full object: each value is another one, each member is left out, each list is longer. */
export function changesOf(full: unknown, path = ''): readonly Change[] {
  if (Array.isArray(full)) {
    const more = { path, how: 'one more', changed: [...full, ...full] } as const;
    const inside = changesOf(full[0], `${path}.*`).map((change) => ({ ...change, changed: [change.changed] }));
    return [more, ...inside];
  }
  if (!isMembers(full)) return [{ path, how: 'another value', changed: another(full) }];
  return Object.entries(full).flatMap(([member, value]): readonly Change[] => {
    const { [member]: _, ...rest } = full;
    const at = path === '' ? member : `${path}.${member}`;
    const inside = changesOf(value, at).map((change) => ({
      ...change,
      changed: { ...full, [member]: change.changed },
    }));
    return [{ path: at, how: 'absent', changed: rest }, ...inside];
  });
}

function another(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  return typeof value === 'number' ? value + 1 : 'other';
}
