import test from 'ava';
import * as fc from 'fast-check';
import { canonicalJSON, digestOf } from '../../operator/canonical/index.ts';
import { changesOf, renderText } from '../../operator/votes/statement/index.ts';
import type { JSONValue } from '../../operator/canonical/index.ts';
import { approvedSpec, specDigest } from '../../operator/workloads/index.ts';

const json = (): fc.Arbitrary<JSONValue> =>
  fc.letrec<{ value: JSONValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constant(null),
      fc.boolean(),
      fc.maxSafeInteger().filter((n) => !Object.is(n, -0)),
      fc.string({ unit: 'binary' }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).value;

/** The same value with the names of every object in another order. */
function shuffled(value: JSONValue): JSONValue {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]: [string, JSONValue]) => [key, shuffled(member)]),
  );
}

test('canonical JSON reads back as the same value, whatever the order of names', (t) => {
  fc.assert(
    fc.property(json(), (value) => {
      const text = canonicalJSON(value);
      t.deepEqual(JSON.parse(text), value);
      return text === canonicalJSON(shuffled(value)) && digestOf(value) === digestOf(JSON.parse(text));
    }),
  );
});

test('a statement is printable ASCII, reads back as the same value, and depends on nothing but it', (t) => {
  fc.assert(
    fc.property(json(), (value) => {
      const text = renderText(value);
      t.deepEqual(JSON.parse(text), value);
      return /^[\x20-\x7e\n]*\n$/.test(text) && text === renderText(shuffled(value));
    }),
  );
});

test('different values have different texts', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(
        json(),
        json(),
        (a, b) => (canonicalJSON(a) === canonicalJSON(b)) === (renderText(a) === renderText(b)),
      ),
    ),
  );
});

/** Small worlds, so that equal and nearly equal contents are met often. */
const content = (): fc.Arbitrary<JSONValue> =>
  fc.letrec<{ value: JSONValue; item: JSONValue; object: JSONValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, 1, 'a', 'b'),
      fc.array(tie('item'), { maxLength: 3 }),
      tie('object'),
    ),
    item: fc.oneof(
      fc.constantFrom<JSONValue>('a', 'b', 1),
      fc.record(
        { name: fc.constantFrom('a', 'b', 'c'), value: tie('value') },
        { requiredKeys: ['name'], noNullPrototype: true },
      ),
      fc.record({ mountPath: fc.constantFrom('/a', '/b') }, { noNullPrototype: true }),
    ),
    object: fc.dictionary(fc.constantFrom('a', 'b', 'name', 'x.y', '0'), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  })).value;

test('the changes say everything: two contents that differ never have the same changes', (t) => {
  fc.assert(
    fc.property(content(), content(), content(), (current, first, second) => {
      const changes = (desired: JSONValue): string =>
        JSON.stringify(changesOf([{ kind: 'ConfigMap', name: 'c', current, desired }]));
      const same = canonicalJSON(first) === canonicalJSON(second);
      t.is(changes(first) === changes(second), same || (first === null && second === null));
      t.is(changes(first) === '[]', canonicalJSON(first) === canonicalJSON(current));
    }),
    { numRuns: 5000 },
  );
});

test('a workload changes in words exactly when its digest changes', (t) => {
  const specs = fc.record(
    {
      replicas: fc.nat(3),
      paused: fc.boolean(),
      template: fc.record(
        {
          metadata: fc.record(
            {
              annotations: fc.dictionary(
                fc.constantFrom('kubectl.kubernetes.io/restartedAt', 'team'),
                fc.constantFrom('1', '2'),
                {
                  noNullPrototype: true,
                },
              ),
            },
            { requiredKeys: [], noNullPrototype: true },
          ),
        },
        { noNullPrototype: true },
      ),
    },
    { noNullPrototype: true },
  );
  t.notThrows(() =>
    fc.assert(
      fc.property(specs, specs, (current, desired) => {
        const changes = changesOf([
          {
            kind: 'Deployment',
            name: 'web',
            part: 'spec',
            current: approvedSpec('Deployment', current),
            desired: approvedSpec('Deployment', desired),
          },
        ]);
        return (changes.length === 0) === (specDigest('Deployment', current) === specDigest('Deployment', desired));
      }),
    ),
  );
});
