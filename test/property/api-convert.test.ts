import test from 'ava';
import * as fc from 'fast-check';
import { z } from 'zod';

import { structural } from '../../operator/api/convert/index.ts';
import type { Structural } from '../../operator/api/convert/index.ts';
import { keyedList, listOf } from '../../operator/api/schema/lists.ts';

/** A zod schema with values that tend to lie on both sides of its bounds. */
interface Case {
  readonly schema: z.ZodType;
  readonly value: fc.Arbitrary<unknown>;
}

const bounds = (max: number): fc.Arbitrary<readonly [number, number]> =>
  fc.tuple(fc.nat(max), fc.nat(max)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

const strings: fc.Arbitrary<Case> = fc
  .tuple(bounds(5), fc.constantFrom(undefined, /^[a-c]*$/, /^a(b|c)?/))
  .map(([[min, max], pattern]) => {
    const text = z.string().min(min).max(max);
    return {
      schema: pattern === undefined ? text : text.regex(pattern),
      value: fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 7 }),
    };
  });

const integers: fc.Arbitrary<Case> = bounds(9).map(([min, max]) => ({
  schema: z.int().min(min).max(max),
  value: fc.oneof(fc.integer({ min: -2, max: 11 }), fc.constant(1.5)),
}));

const words: fc.Arbitrary<Case> = fc.constant({
  schema: z.enum(['Twin', 'Real']),
  value: fc.constantFrom('Twin', 'Real', 'Off', false),
});

const flags: fc.Arbitrary<Case> = fc.constant({ schema: z.boolean(), value: fc.constantFrom(true, false, 'true') });

const leaves = fc.oneof(strings, integers, words, flags);

const objects = (parts: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  fc.array(fc.tuple(parts, fc.boolean()), { minLength: 1, maxLength: 3 }).map((fields) => ({
    schema: z.object(
      Object.fromEntries(
        fields.map(([{ schema }, optional], index) => {
          const described = schema.describe('A field.');
          return [`f${index}`, optional ? described.optional() : described];
        }),
      ),
    ),
    value: fc.record(Object.fromEntries(fields.map(([{ value }], index) => [`f${index}`, value])), {
      requiredKeys: [],
    }),
  }));

const lists = (parts: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  fc.tuple(parts, bounds(3)).map(([{ schema, value }, [min, max]]) => ({
    schema: listOf('A list.', schema, { min, max }),
    value: fc.array(value, { maxLength: 4 }),
  }));

const keyed: fc.Arbitrary<Case> = bounds(3).map(([min, max]) => ({
  schema: keyedList('A list.', ['name'], z.object({ name: z.string().max(3).describe('Key.') }), { min, max }),
  value: fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c') }), { maxLength: 4 }),
}));

const cases = fc.oneof(leaves, objects(leaves), lists(leaves), objects(lists(leaves)), lists(objects(leaves)), keyed);

/** What the API server's validation says about a value, for the words of a structural schema that the cases use. */
function accepts(schema: Structural, value: unknown): boolean {
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) return false;
  switch (schema.type) {
    case 'string':
      return (
        typeof value === 'string' &&
        value.length >= (schema.minLength ?? 0) &&
        value.length <= (schema.maxLength ?? Infinity) &&
        new RegExp(schema.pattern ?? '').test(value)
      );
    case 'integer':
      return (
        Number.isInteger(value) && Number(value) >= (schema.minimum ?? -Infinity) && Number(value) <= schema.maximum!
      );
    case 'boolean':
      return typeof value === 'boolean';
    case 'array':
      return Array.isArray(value) && acceptsList(schema, value);
    default:
      return typeof value === 'object' && value !== null && acceptsObject(schema, value as Record<string, unknown>);
  }
}

function acceptsList(schema: Structural, list: readonly unknown[]): boolean {
  const keys = schema['x-kubernetes-list-map-keys'];
  const identities = list.map((item, index) =>
    keys === undefined ? index : JSON.stringify(keys.map((key) => (item as Record<string, unknown>)[key])),
  );
  return (
    list.length >= (schema.minItems ?? 0) &&
    list.length <= schema.maxItems! &&
    new Set(identities).size === list.length &&
    list.every((item) => accepts(schema.items!, item))
  );
}

function acceptsObject(schema: Structural, object: Readonly<Record<string, unknown>>): boolean {
  return (
    (schema.required ?? []).every((key) => key in object) &&
    Object.entries(schema.properties ?? {}).every(([key, child]) => !(key in object) || accepts(child, object[key]))
  );
}

test('a structural schema takes exactly what its zod schema takes', (t) => {
  const seen = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(
      cases.chain(({ schema, value }) => fc.tuple(fc.constant(schema), value)),
      ([schema, value]) => {
        const taken = schema.safeParse(value).success;
        seen[taken ? 'taken' : 'refused'] += 1;
        return accepts(structural(schema, 'spec'), value) === taken;
      },
    ),
    { numRuns: 3000 },
  );
  t.true(seen.taken > 300 && seen.refused > 300, JSON.stringify(seen));
});
