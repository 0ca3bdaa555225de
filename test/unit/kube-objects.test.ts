import test from 'ava';
import { hashOf, labelSelector, compareResourceVersions, parseQuantity } from '../../operator/kube/index.ts';

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
