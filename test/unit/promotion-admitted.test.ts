import test from 'ava';
import { notAdmitted } from '../../operator/promotions/decide/index.ts';
import type { TwinClass } from '../../operator/api/index.ts';

const classOf = (matchLabels: Readonly<Record<string, string>>): TwinClass =>
  ({ spec: { namespaceSelector: { matchLabels } } }) as unknown as TwinClass;
const admitted = (...classes: readonly TwinClass[]): boolean => notAdmitted({ ...asked, classes }) === undefined;
t.true(admitted(classOf({ team: 'shop', env: 'dev' })));

test('a namespace is admitted by any entry of a list, and by every label of a class', (t) => {
  const asked = { namespace: 'shop-dev', labels: { team: 'shop', env: 'dev' }, allowedFrom: undefined };
  t.false(admitted(classOf({ team: 'shop', env: 'live' })), 'one label of two');
  t.true(admitted(classOf({ team: 'other' }), classOf({ team: 'shop' })));
  t.false(admitted({ spec: { namespaceSelector: {} } } as unknown as TwinClass), 'no labels');
  const allowedFrom = [{ namespace: 'shop-ci' }, { namespace: 'shop-dev' }];
  t.is(notAdmitted({ ...asked, allowedFrom, classes: [] }), undefined);
});
