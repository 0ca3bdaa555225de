import test from 'ava';
import { specDigestOrFault } from '../../operator/workloads/index.ts';
import {
  CanonicalError,
  canonicalJSON,
  digestOf,
  escapeNonPrintable,
  IMAGE_DIGEST,
  isPinned,
  printable,
  rfc3339,
} from '../../operator/canonical/index.ts';

function faultOf(value: unknown): CanonicalError {
  try {
    canonicalJSON(value);
  } catch (error) {
    if (error instanceof CanonicalError) return error;
    throw error;
  }
  throw new Error('it has a canonical form');
}

const refusals: readonly (readonly [string, unknown, string])[] = [
  ['a fraction', 1.5, 'the value is no integer within 2^53: write it as a string or a Kubernetes quantity'],
  [
    'a fraction in an object',
    { a: 1.5 },
    '/a is no integer within 2^53: write it as a string or a Kubernetes quantity',
  ],
  ['nothing', undefined, 'the value is a undefined, which JSON cannot hold'],
  ['a function in a list', [() => 1], '/0 is a function, which JSON cannot hold'],
  ['a date', new Date(0), 'the value is no plain object: convert it to JSON first'],
  ['a date in an object', { at: new Date(0) }, '/at is no plain object: convert it to JSON first'],
  ['half a character', '\ud800', 'the value holds half of a surrogate pair: write valid Unicode'],
  ['half a character in a list', ['\ud800'], '/0 holds half of a surrogate pair: write valid Unicode'],
];
for (const [what, value, message] of refusals)
  test(`a refusal says where, and what to do instead: ${what}`, (t) => {
    t.is(faultOf(value).message, message);
    t.is(faultOf(value).name, 'CanonicalError');
  });

test('a list that would write itself as nothing has no canonical form', (t) => {
  const fault = faultOf(Object.assign([1], { toJSON: () => undefined }));
  t.deepEqual([fault.code, fault.path, fault.message], ['NotJSON', '', 'only JSON has a canonical form']);
});

test('a path is a JSON pointer: ~ and / in names are escaped', (t) => {
  t.is(faultOf({ 'a~b': { 'c/d': [0, 0.5] } }).path, '/a~0b/c~1d/1');
  t.is(faultOf({ '~/~/': 0.5 }).path, '/~0~1~0~1');
});

const nested = (levels: number): unknown => {
  let value: unknown = 0;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
};

test('200 levels have a canonical form, one more has none', (t) => {
  t.is(canonicalJSON(nested(200)), `${'['.repeat(200)}0${']'.repeat(200)}`);
  const fault = faultOf(nested(201));
  t.is(fault.code, 'TooDeep');
  t.is(fault.path, '/0'.repeat(201));
  t.is(fault.message, 'nested deeper than 200 levels: flatten the object');
});

test('null is a value wherever it stands, and an object without a prototype is plain', (t) => {
  t.is(canonicalJSON(null), 'null');
  t.is(canonicalJSON([null, { a: null }]), '[null,{"a":null}]');
  const bare: unknown = Object.assign(Object.create(null), { a: 1 });
  t.is(canonicalJSON(bare), '{"a":1}');
});

test('times have whole seconds in UTC, whatever the milliseconds', (t) => {
  t.is(rfc3339(0), '1970-01-01T00:00:00Z');
  t.is(rfc3339(999), '1970-01-01T00:00:00Z');
  t.is(rfc3339(Date.parse('2026-11-21T10:00:00.123+02:00')), '2026-11-21T08:00:00Z');
});

test('printable text keeps what fits to the letter, and cuts at the limit', (t) => {
  t.is(printable(' ~'), ' ~');
  t.is(printable('a'.repeat(120)), 'a'.repeat(120));
  t.is(printable('a'.repeat(121)), `${'a'.repeat(120)}...`);
  t.is(printable('abc', 3), 'abc');
  t.is(printable('abcd', 3), 'abc...');
  t.is(escapeNonPrintable('\u0000\u001f\u007f\u00e9\u{1f600}'), '\\u0000\\u001f\\u007f\\u00e9\\ud83d\\ude00');
});

test('a spec without a canonical form has a fault in the place of a digest', (t) => {
  const broken = specDigestOrFault('Deployment', { minReadySeconds: 2 ** 60 });
  t.is('fault' in broken && broken.fault.path, '/minReadySeconds');
  t.deepEqual(specDigestOrFault('Deployment', { replicas: 3, a: 1 }), { digest: digestOf({ a: 1 }) });
});

test('what goes wrong otherwise while a spec is digested is no fault of the spec', (t) => {
  const spec = {
    get broken(): never {
      throw new RangeError('not about JSON');
    },
  };
  t.throws(() => specDigestOrFault('Deployment', spec), { instanceOf: RangeError });
});

const hex = 'a'.repeat(64);
const references: readonly (readonly [reference: string, pinned: boolean])[] = [
  [`registry.example/web@sha256:${hex}`, true],
  [`registry.example:5000/web:1.2@sha256:${hex}`, true],
  [`web@sha256:${hex}`, true],
  ['registry.example/web:1.2', false],
  [`@sha256:${hex}`, false],
  [`sha256:${hex}`, false],
  [`web@other@sha256:${hex}`, false],
  [`web other@sha256:${hex}`, false],
  [`web\n@sha256:${hex}`, false],
  [`web@sha256:${hex}\n`, false],
  [`web@sha256:${hex}0`, false],
  [`web@sha256:${hex.toUpperCase()}`, false],
  [`web@sha512:${hex}`, false],
  ['', false],
];
for (const [reference, pinned] of references)
  test(`${JSON.stringify(reference)} is ${pinned ? 'one image for good' : 'no image that is sure to stay the same'}`, (t) => {
    t.is(isPinned(reference), pinned);
    if (pinned) t.regex(reference, IMAGE_DIGEST);
  });
