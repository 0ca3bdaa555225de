import test from 'ava';
import { z } from 'zod';

import { SchemaError, structural } from '../../operator/api/convert/index.ts';
import { keyedList, listOf } from '../../operator/api/schema/lists.ts';
import { withRules } from '../../operator/api/schema/rule.ts';
import { text, timestamp } from '../../operator/api/schema/text.ts';
import { embedded, quantity } from '../../operator/api/schema/values.ts';

const word = text('A word.', 20);

test('an object keeps names, bounds, words and defaults; a default makes a field optional', (t) => {
  const schema = z.object({
    name: word,
    mode: z.enum(['Twin', 'Real']).describe('Mode.').default('Twin'),
    port: z.int().min(1).max(65_535).describe('Port.').optional(),
  });
  t.deepEqual(structural(schema.describe('A thing.'), 'spec'), {
    description: 'A thing.',
    type: 'object',
    required: ['name'],
    properties: {
      name: { description: 'A word.', type: 'string', minLength: 1, maxLength: 20 },
      mode: { description: 'Mode.', type: 'string', enum: ['Twin', 'Real'], default: 'Twin' },
      port: { description: 'Port.', type: 'integer', format: 'int64', minimum: 1, maximum: 65_535 },
    },
  });
});

test('a schema that is used twice is written out twice: a structural schema has no $ref', (t) => {
  const part = z.object({ name: word }).describe('A part.');
  const { properties } = structural(z.object({ one: part, other: part }), 'spec');
  t.deepEqual(properties?.['one'], properties?.['other']);
  t.false(JSON.stringify(properties).includes('$ref'));
});

test('an integer and a string become int-or-string, which narrows outside of anyOf', (t) => {
  t.deepEqual(structural(quantity('CPU.'), 'spec'), {
    description: 'CPU.',
    'x-kubernetes-int-or-string': true,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    minimum: 0,
    minLength: 1,
    maxLength: 32,
    pattern: '^[0-9]+(\\.[0-9]+)?([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?$',
  });
});

test('a union of objects is typed outside, its branches only narrow', (t) => {
  const schema = z.discriminatedUnion('type', [
    z.object({ type: z.literal('Job').describe('Type.'), name: word, image: word }),
    z.object({ type: z.literal('Soak').describe('Type.'), name: word, duration: word.optional() }),
  ]);
  const { properties, oneOf, required, type } = structural(schema, 'spec');
  t.is(type, 'object');
  t.deepEqual(Object.keys(properties!), ['type', 'name', 'image', 'duration']);
  t.deepEqual(properties?.['type'], { description: 'Type.', type: 'string', enum: ['Job', 'Soak'] });
  t.deepEqual(required, ['type', 'name']);
  t.deepEqual(oneOf, [
    { properties: { type: { enum: ['Job'] } }, required: ['image'] },
    { properties: { type: { enum: ['Soak'] } } },
  ]);
});

test('empty and loose objects keep what they do not know', (t) => {
  t.deepEqual(structural(embedded('Anything.'), 'spec'), {
    description: 'Anything.',
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
  });
  t.is(structural(z.object({}), 'spec')['x-kubernetes-preserve-unknown-fields'], true);
  const loose = structural(z.looseObject({ name: word }), 'spec');
  t.is(loose['x-kubernetes-preserve-unknown-fields'], true);
  t.deepEqual(Object.keys(loose.properties!), ['name']);
});

test('a strict object has no additionalProperties: the API server prunes or refuses by itself', (t) => {
  t.false('additionalProperties' in structural(z.strictObject({ name: word }), 'spec'));
});

test("safe-integer bounds become int64, since JavaScript's limit is not the API's", (t) => {
  t.deepEqual(structural(z.int(), 'spec'), { type: 'integer', format: 'int64' });
  t.deepEqual(structural(z.int().min(0).max(Number.MAX_SAFE_INTEGER), 'spec'), {
    type: 'integer',
    format: 'int64',
    minimum: 0,
  });
});

test('lists say how they are merged', (t) => {
  const entry = z.object({ name: word });
  const keyed = structural(keyedList('Entries.', ['name'], entry, { min: 1, max: 4 }), 'spec');
  t.is(keyed['x-kubernetes-list-type'], 'map');
  t.deepEqual(keyed['x-kubernetes-list-map-keys'], ['name']);
  t.is(keyed.minItems, 1);
  t.is(structural(listOf('Words.', word, { max: 2 }), 'spec')['x-kubernetes-list-type'], 'atomic');
});

test('rules arrive as CEL, wherever the description is added', (t) => {
  const rule = { cel: 'self.a <= self.b', message: 'write a <= b', fieldPath: '.a', check: () => true };
  const schema = withRules(z.object({ a: z.int().describe('A.'), b: z.int().describe('B.') }), rule);
  const converted = structural(schema.describe('Pair.').optional(), 'spec');
  t.deepEqual(converted['x-kubernetes-validations'], [
    { rule: 'self.a <= self.b', message: 'write a <= b', fieldPath: '.a' },
  ]);
  t.is(converted.description, 'Pair.');
});

test('rules add up, and zod applies them too', (t) => {
  const short = withRules(word, { cel: 'self != "a"', message: 'not a', check: (value) => value !== 'a' });
  const both = withRules(short, { cel: 'self != "b"', message: 'not b', check: (value) => value !== 'b' });
  t.is(structural(both, 'spec')['x-kubernetes-validations']?.length, 2);
  t.deepEqual(
    ['a', 'b', 'c'].map((value) => both.safeParse(value).success),
    [false, false, true],
  );
});

test('a time has a format that the API server knows', (t) => {
  t.is(structural(timestamp('When.'), 'spec').format, 'date-time');
});

interface Trap {
  readonly what: string;
  readonly schema: () => z.ZodType;
  readonly path: string;
  readonly says: RegExp;
}

interface Tree {
  readonly children?: readonly Tree[] | undefined;
}
const tree: z.ZodType<Tree> = z.object({
  get children() {
    return listOf('Children.', tree, { max: 2 }).optional();
  },
});

const traps: readonly Trap[] = [
  {
    what: 'a refine without CEL',
    schema: () => z.object({ a: word.refine((value) => value !== 'x') }),
    path: 'spec.a',
    says: /state it with withRules/,
  },
  {
    what: 'a refine on an optional field',
    schema: () => z.object({ a: word.refine(() => true).optional() }),
    path: 'spec.a',
    says: /withRules/,
  },
  { what: 'a transform', schema: () => z.object({ a: word.transform(Number) }), path: 'spec.a', says: /zod pipe/ },
  { what: 'a preprocessor', schema: () => z.preprocess(String, word), path: 'spec', says: /zod pipe/ },
  { what: 'trim', schema: () => z.object({ a: word.trim() }), path: 'spec.a', says: /changes its input/ },
  {
    what: 'a pattern of record keys',
    schema: () => z.object({ a: z.record(z.string().regex(/^a$/), word) }),
    path: 'spec.a',
    says: /restricts its keys/,
  },
  {
    what: 'a record over an enum',
    schema: () => z.partialRecord(z.enum(['a', 'b']), word),
    path: 'spec',
    says: /restricts its keys/,
  },
  { what: 'flags of a pattern', schema: () => word.regex(/a/i), path: 'spec', says: /flags \(i\)/ },
  { what: 'recursion', schema: () => tree, path: 'spec.children[]', says: /recursive/ },
  {
    what: 'a string without a bound',
    schema: () => z.object({ a: z.string() }),
    path: 'spec.a',
    says: /maximum length/,
  },
  {
    what: 'a list without a bound',
    schema: () => z.array(word).meta({ 'x-kubernetes-list-type': 'atomic' }),
    path: 'spec',
    says: /without a maximum/,
  },
  { what: 'a list without a list type', schema: () => z.array(word).max(3), path: 'spec', says: /list type/ },
  { what: 'a map without a bound', schema: () => z.record(z.string(), word), path: 'spec', says: /maxProperties/ },
  {
    what: 'a key of a list that may be absent',
    schema: () => keyedList('L.', ['name'], z.object({ name: word.optional() }), { max: 2 }),
    path: 'spec[].name',
    says: /make it required/,
  },
  {
    what: 'a field without a description',
    schema: () => z.object({ a: z.int() }),
    path: 'spec.a',
    says: /description/,
  },
  { what: 'anything', schema: () => z.object({ a: z.any() }), path: 'spec.a', says: /zod any/ },
  { what: 'null', schema: () => z.object({ a: word.nullable() }), path: 'spec.a', says: /zod nullable/ },
  { what: 'a format that is not RE2', schema: () => z.hostname().max(9), path: 'spec', says: /format hostname/ },
  { what: 'an ISO duration', schema: () => z.iso.duration().max(9), path: 'spec', says: /format duration/ },
  { what: 'two patterns', schema: () => word.regex(/^a/).regex(/b$/), path: 'spec', says: /allOf/ },
  {
    what: 'a union of a list and a string',
    schema: () => z.union([listOf('L.', word, { max: 1 }), word]),
    path: 'spec',
    says: /union of array, string/,
  },
  {
    what: 'branches that type one field differently',
    schema: () => z.union([z.object({ a: word }), z.object({ a: z.int().describe('A.') })]),
    path: 'spec.a',
    says: /different types/,
  },
  {
    what: 'an intersection',
    schema: () => z.object({ a: word }).and(z.object({ b: word })),
    path: 'spec',
    says: /zod intersection/,
  },
];

for (const { what, schema, path, says } of traps) {
  test(`refused, since it would be lost or not be structural: ${what}`, (t) => {
    const error = t.throws(() => structural(schema(), 'spec'), { instanceOf: SchemaError });
    t.is(error?.path, path);
    t.is(error?.code, 'SCHEMA_NOT_REPRESENTABLE');
    t.regex(error?.message ?? '', says);
  });
}
