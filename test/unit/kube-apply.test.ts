import test from 'ava';
import {
  difference,
  hashOf,
  labelSelector,
  compareResourceVersions,
  parseQuantity,
  withCondition,
} from '../../operator/kube/index.ts';

const pod = {
  spec: {
    containers: [
      {
        name: 'web',
        image: 'web@sha256:1',
        env: [{ name: 'A', value: '1' }],
        resources: { limits: { cpu: '1000m', memory: '1Gi' } },
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  },
};

const observedPod = {
  spec: {
    dnsPolicy: 'ClusterFirst',
    containers: [
      { name: 'proxy', image: 'proxy' },
      {
        name: 'web',
        image: 'web@sha256:1',
        imagePullPolicy: 'IfNotPresent',
        env: [
          { name: 'X', value: '9' },
          { name: 'A', value: '1' },
        ],
        resources: { limits: { cpu: '1', memory: '1024Mi' } },
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  },
};

test('defaults, other managers items and rewritten quantities are no difference', (t) => {
  t.is(difference(pod, observedPod), undefined);
});

const cases: readonly {
  readonly name: string;
  readonly desired: unknown;
  readonly observed: unknown;
  readonly at?: string;
}[] = [
  { name: 'a changed value', desired: { a: { b: 1 } }, observed: { a: { b: 2 } }, at: 'a.b' },
  { name: 'a missing field', desired: { a: { b: 1 } }, observed: { a: {} }, at: 'a.b' },
  { name: 'an empty map and no map', desired: { a: {} }, observed: {} },
  { name: 'an empty list and no list', desired: { a: [] }, observed: {} },
  { name: 'an empty list and a full one of another owner', desired: { a: [] }, observed: { a: [1] } },
  { name: 'an empty string and none', desired: { a: '' }, observed: {} },
  { name: 'false and nothing', desired: { a: false }, observed: {}, at: 'a' },
  { name: 'zero and nothing', desired: { a: 0 }, observed: {}, at: 'a' },
  { name: 'an undefined field', desired: { a: undefined }, observed: {} },
  {
    name: 'another item in a list that is one value',
    desired: { args: ['a'] },
    observed: { args: ['a', 'b'] },
    at: 'args',
  },
  {
    name: 'an added subject',
    desired: { subjects: [{ name: 'a' }] },
    observed: { subjects: [{ name: 'a' }, { name: 'b' }] },
    at: 'subjects',
  },
  {
    name: 'a lost container',
    desired: { containers: [{ name: 'a' }] },
    observed: { containers: [{ name: 'b' }] },
    at: 'containers[0]',
  },
  { name: 'a finalizer of another', desired: { finalizers: ['a'] }, observed: { finalizers: ['b', 'a'] } },
  { name: 'a quantity outside of a quantity field', desired: { env: '1000m' }, observed: { env: '1' }, at: 'env' },
  { name: 'a changed quantity', desired: { hard: { cpu: '2' } }, observed: { hard: { cpu: '1' } }, at: 'hard.cpu' },
  { name: 'a map where a list should be', desired: { a: [1] }, observed: { a: { 0: 1 } }, at: 'a' },
];

for (const { name, desired, observed, at } of cases) {
  test(`${name} ${at === undefined ? 'is no difference' : `differs at ${at}`}`, (t) => {
    t.is(difference(desired, observed), at);
  });
}

test('the digest of an object does not depend on the order of its fields, and on everything else', (t) => {
  t.is(hashOf({ a: 1, b: [1, { c: 2, d: 3 }] }), hashOf({ b: [1, { d: 3, c: 2 }], a: 1 }));
  t.not(hashOf({ a: [1, 2] }), hashOf({ a: [2, 1] }));
  t.not(hashOf({ a: '1' }), hashOf({ a: 1 }));
  t.is(hashOf({ a: 1, b: undefined }), hashOf({ a: 1 }));
});

test('quantities are read as Kubernetes writes them', (t) => {
  t.is(parseQuantity('100m'), 0.1);
  t.is(parseQuantity('1Gi'), 2 ** 30);
  t.is(parseQuantity('2e3'), 2000);
  t.is(parseQuantity('1E'), 1e18);
  t.is(parseQuantity('.5'), 0.5);
  for (const none of ['', 'x', '1 Gi', '1gi', '--1', '1mm']) t.is(parseQuantity(none), undefined, none);
});

for (const [selector, labels, expected] of [
  ['a=1', { a: '1' }, true],
  ['a=1,b!=2', { a: '1' }, true],
  ['a=1,b!=2', { a: '1', b: '2' }, false],
  ['a', { a: '' }, true],
  ['!a', { a: '' }, false],
  ['a in (x, y)', { a: 'y' }, true],
  ['a in (x,y),b', { a: 'y' }, false],
  ['a notin (x,y)', {}, true],
  ['a==1', { a: '2' }, false],
  ['', {}, true],
  ['acme.dev/x=y', { 'acme.dev/x': 'y' }, true],
] as const) {
  test(`the selector '${selector}' ${expected ? 'takes' : 'leaves'} ${JSON.stringify(labels)}`, (t) => {
    t.is(labelSelector(selector)(labels), expected);
  });
}

test('a selector that cannot be read is an error, not a match', (t) => {
  t.throws(() => labelSelector('a in x'), { instanceOf: RangeError });
});

test('resource versions are ordered as numbers, and not at all when they are none', (t) => {
  t.true((compareResourceVersions('9', '10') ?? 0) < 0);
  t.true((compareResourceVersions('101', '100') ?? 0) > 0);
  t.is(compareResourceVersions('7', '7'), 0);
  t.is(compareResourceVersions('a', '7'), undefined);
  t.is(compareResourceVersions('', '7'), undefined);
  t.is(compareResourceVersions(undefined, '7'), undefined);
});

test('a condition keeps the time of its last transition while its status stays', (t) => {
  const first = withCondition(
    undefined,
    { type: 'Ready', status: 'False', reason: 'A', message: '' },
    Date.UTC(2026, 0, 1),
  );
  const second = withCondition(
    first,
    { type: 'Ready', status: 'False', reason: 'B', message: 'b' },
    Date.UTC(2026, 0, 2),
  );
  const third = withCondition(
    second,
    { type: 'Ready', status: 'True', reason: 'C', message: '' },
    Date.UTC(2026, 0, 3),
  );
  t.deepEqual(second, [
    { type: 'Ready', status: 'False', reason: 'B', message: 'b', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ]);
  t.is(third[0]?.lastTransitionTime, '2026-01-03T00:00:00Z');
  t.is(withCondition(third, { type: 'Other', status: 'True', reason: 'D', message: '' }, 0).length, 2);
});
