import test from 'ava';
import {
  CanonicalError,
  type CanonicalErrorCode,
  canonicalJSON,
  digestOf,
  digestOfBytes,
  isDigest,
  printable,
} from '../../operator/canonical/index.ts';
import { approvedSpec, RESTARTED_AT, specDigest } from '../../operator/workloads/index.ts';

const spec = (): Record<string, unknown> => ({
  replicas: 2,
  selector: { matchLabels: { app: 'web' } },
  template: {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: 'registry.example/web@sha256:00' }] },
  },
});
const withAnnotations = (annotations: unknown): Record<string, unknown> => ({
  ...spec(),
  template: { ...(spec()['template'] as object), metadata: { labels: { app: 'web' }, annotations } },
});

test('canonical JSON sorts names by UTF-16 code unit and escapes as RFC 8785 section 3.2.2 says', (t) => {
  t.is(canonicalJSON({ b: 1, a: [true, null, 'x'] }), '{"a":[true,null,"x"],"b":1}');
  // The example of RFC 8785 section 3.2.3, which sorts a supplementary character before U+FB33.
  const names = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
  t.is(canonicalJSON(names), '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
  t.is(canonicalJSON('\u20ac$\u000f\nA\'B"\\/'), '"\u20ac$\\u000f\\nA\'B\\"\\\\/"');
});

test('a digest is sha256 over the canonical text', (t) => {
  // printf '{"a":1}' | sha256sum
  t.is(digestOf({ a: 1 }), 'sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862');
  t.is(digestOf({ a: 1, b: undefined }), digestOf({ a: 1 }));
  t.is(digestOfBytes('{"a":1}'), digestOf({ a: 1 }));
  t.true(isDigest(digestOf(null)));
  for (const bad of [
    'sha256:',
    `sha256:${'A'.repeat(64)}`,
    `sha512:${'a'.repeat(64)}`,
    `sha256:${'a'.repeat(64)}\n`,
    7,
  ])
    t.false(isDigest(bad));
});

const refused: readonly (readonly [string, unknown, CanonicalErrorCode, string])[] = [
  ['half a surrogate pair', { a: ['\ud800'] }, 'LoneSurrogate', '/a/0'],
  ['half a pair in a name', { a: { '\udc00': 1 } }, 'LoneSurrogate', '/a'],
  ['a fraction below a name with a tilde', { 'a~b': 1.5 }, 'UnsafeNumber', '/a~0b'],
  ['a fraction', { 'a/b': 1.5 }, 'UnsafeNumber', '/a~1b'],
  ['an integer that was rounded', [2 ** 53], 'UnsafeNumber', '/0'],
  ['NaN', Number.NaN, 'UnsafeNumber', ''],
  ['infinity', { a: -Infinity }, 'UnsafeNumber', '/a'],
  ['a hole in a list', [1, undefined], 'NotJSON', '/1'],
  ['a bigint', { a: 1n }, 'NotJSON', '/a'],
  ['a function', { a: () => 1 }, 'NotJSON', '/a'],
  ['a date', { a: new Date(0) }, 'NotJSON', '/a'],
  ['a map', new Map(), 'NotJSON', ''],
  ['nothing', undefined, 'NotJSON', ''],
];
for (const [what, value, code, path] of refused)
  test(`refused with code and place: ${what}`, (t) => {
    const error = t.throws(() => digestOf(value), { instanceOf: CanonicalError });
    t.is(error.code, code);
    t.is(error.path, path);
    t.true(error.message.startsWith(`${path === '' ? 'the value' : path} `), error.message);
  });

test('nesting without end is refused, not a stack overflow', (t) => {
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  t.is(t.throws(() => digestOf(deep), { instanceOf: CanonicalError }).code, 'TooDeep');
  const circle: unknown[] = [];
  circle.push(circle);
  t.is(t.throws(() => digestOf(circle), { instanceOf: CanonicalError }).code, 'TooDeep');
});

test('scaling and restarting leave the digest of a spec as it is', (t) => {
  const digest = specDigest('Deployment', spec());
  t.is(specDigest('Deployment', { ...spec(), replicas: 9 }), digest);
  t.is(specDigest('Deployment', withAnnotations({ [RESTARTED_AT]: '2026-11-21T10:00:00Z' })), digest);
  t.is(specDigest('Deployment', withAnnotations({})), digest);
  t.is(specDigest('Deployment', withAnnotations(undefined)), digest);
  t.is(
    specDigest('Deployment', withAnnotations({ [RESTARTED_AT]: 'now', team: 'shop' })),
    specDigest('Deployment', withAnnotations({ team: 'shop' })),
  );
});

test('everything else changes the digest of a spec', (t) => {
  const digest = specDigest('Deployment', spec());
  const others: readonly Record<string, unknown>[] = [
    withAnnotations({ team: 'shop' }),
    { ...spec(), paused: true },
    { ...spec(), minReadySeconds: 1 },
    { ...spec(), strategy: { type: 'Recreate' } },
    { ...spec(), metadata: { annotations: { [RESTARTED_AT]: 'elsewhere' } } },
    { ...spec(), template: { ...(spec()['template'] as object), replicas: 2 } },
  ];
  const digests = others.map((other) => specDigest('Deployment', other));
  t.is(new Set([digest, ...digests]).size, others.length + 1);
});

test('the approved spec is a copy, and odd shapes pass through it unharmed', (t) => {
  const original = withAnnotations({ [RESTARTED_AT]: 'x' });
  const before = structuredClone(original);
  approvedSpec('Deployment', original);
  t.deepEqual(original, before);
  for (const odd of [
    {},
    { template: null },
    { template: [] },
    { template: { metadata: 'x' } },
    { template: { metadata: { annotations: 'text' } } },
    { template: { metadata: { annotations: null } } },
  ])
    t.deepEqual(approvedSpec('Deployment', { ...odd, replicas: 3 }), odd);
});

test('printable text is ASCII and bounded', (t) => {
  t.is(printable('a\u202eb\u001b[31m\n\u00e9'), 'a\\u202eb\\u001b[31m\\u000a\\u00e9');
  t.is(printable('x'.repeat(10), 4), 'xxxx...');
  t.is(printable('\ud83d\ude00\u007f'), '\\ud83d\\ude00\\u007f');
});
