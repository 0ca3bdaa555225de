import test from 'ava';
import {
  lockOverflow,
  refrozen,
  withOnly,
  withOpened,
  type Approved,
  type LockSpec,
} from '../../operator/lock/index.ts';
import { specDigest } from '../../operator/workloads/index.ts';

type Frozen = NonNullable<LockSpec['frozen']>;

const entry = (...configMaps: readonly string[]): Approved => {
  const volumes = configMaps.map((name) => ({ name, configMap: { name } }));
  const spec = { template: { spec: { containers: [{ name: 'web' }], volumes } } };
  return {
    kind: 'Deployment',
    name: 'web',
    role: 'Current',
    target: 'web',
    minReplicas: 1,
    record: 'web-000001',
    digest: specDigest('Deployment', spec),
    spec,
  };
};
const empty: LockSpec = { liveAccess: 'Deny', approved: [] };
const configMap = (name: string): Frozen[number] => ({ kind: 'ConfigMap', name });
const names = ({ frozen = [] }: LockSpec): readonly string[] => frozen.map(({ name }) => name);

test('what Current or Fallback refers to is frozen, and free again with the last that does', (t) => {
  const first = withOnly(empty, entry('b', 'a'));
  t.deepEqual(first.frozen, [configMap('a'), configMap('b')]);
  const second = withOpened(first, entry('b', 'c'));
  t.deepEqual(names(second), ['a', 'b', 'c']);
  const third = withOpened(second, entry('d'));
  t.deepEqual(names(third), ['b', 'c', 'd']);
  t.deepEqual(names(withOnly(third, entry('d'))), ['d']);
  t.false('frozen' in withOnly(third, entry()));
});

test('what a promotion asked for stays until that promotion is over', (t) => {
  const asked: LockSpec = {
    ...withOnly(empty, entry('a')),
    frozen: [
      { ...configMap('a'), promotions: ['one'] },
      { ...configMap('new'), promotions: ['one', 'two'] },
      configMap('stale'),
    ],
  };
  t.deepEqual(refrozen(asked).frozen, [
    { ...configMap('a'), promotions: ['one'] },
    { ...configMap('new'), promotions: ['one', 'two'] },
  ]);
  t.deepEqual(refrozen(asked, (uid) => uid === 'two').frozen, [
    configMap('a'),
    { ...configMap('new'), promotions: ['two'] },
  ]);
  t.deepEqual(names(refrozen(asked, () => false)), ['a']);
});

test('more names than a lock freezes are an overflow', (t) => {
  const many = Array.from({ length: 513 }, (_, index) => `c-${index}`);
  t.is(lockOverflow(withOnly(empty, entry(...many.slice(1)))), undefined);
  t.is(
    lockOverflow(withOnly(empty, entry(...many))),
    'the lock of the namespace would freeze 513 ConfigMaps and Secrets and may freeze 512',
  );
});

test('a Secret is exchanged by those whom every content that refers to it names, and a ConfigMap by nobody', (t) => {
  const volumes = [
    { name: 'a', secret: { secretName: 'tls' } },
    { name: 'b', configMap: { name: 'config' } },
  ];
  const of = (name: string, rotators?: string[]): Approved => ({
    ...entry(),
    name,
    spec: { template: { spec: { volumes } } },
    ...(rotators === undefined ? {} : { rotators }),
  });
  const frozen = (...approved: Approved[]): unknown => refrozen({ ...empty, approved }).frozen;
  const secret = { kind: 'Secret', name: 'tls' };
  t.deepEqual(frozen(of('web', ['a', 'b'])), [configMap('config'), { ...secret, rotators: ['a', 'b'] }]);
  t.deepEqual(frozen(of('web', ['a', 'b']), of('api', ['b'])), [configMap('config'), { ...secret, rotators: ['b'] }]);
  t.deepEqual(frozen(of('web', ['a']), of('api')), [configMap('config'), secret]);
  t.deepEqual(frozen(of('web'), of('api', ['a'])), [configMap('config'), secret]);
  const asked = {
    ...empty,
    approved: [of('web', ['a'])],
    frozen: [{ ...secret, promotions: ['one'] } as Frozen[number]],
  };
  t.deepEqual(refrozen(asked).frozen?.[1], { ...secret, rotators: ['a'], promotions: ['one'] } as Frozen[number]);
});
