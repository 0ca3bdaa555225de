import test from 'ava';
import type { TwinClass } from '../../operator/api/index.ts';
import { notAdmitted } from '../../operator/promotions/decide/index.ts';

const asked = { namespace: 'shop-dev', labels: { team: 'shop', env: 'dev' }, allowedFrom: undefined };
const classOf = (namespaceSelector: object): TwinClass => ({ spec: { namespaceSelector } }) as unknown as TwinClass;
const admitted = (...classes: readonly TwinClass[]): boolean => notAdmitted({ ...asked, classes }) === undefined;

test('a namespace is admitted by every label of a class, be it one of several classes', (t) => {
  t.true(admitted(classOf({ matchLabels: { team: 'shop', env: 'dev' } })));
  t.false(admitted(classOf({ matchLabels: { team: 'shop', env: 'live' } })), 'one label of two');
  t.true(admitted(classOf({ matchLabels: { team: 'other' } }), classOf({ matchLabels: { team: 'shop' } })));
  t.false(admitted(classOf({})), 'no labels');
});

test('a namespace is admitted by any entry of a list', (t) => {
  const allowedFrom = [{ namespace: 'shop-ci' }, { namespace: 'shop-dev' }];
  t.is(notAdmitted({ ...asked, allowedFrom, classes: [] }), undefined);
});
