import test from 'ava';
import {
  freezes,
  lockOverflow,
  askedFor,
  MAX_FROZEN,
  mostAsked,
  notHeld,
  refrozen,
  withAsked,
  withHeldStill,
  withJobs,
  withOnly,
  withOpened,
  withReleased,
  withRoom,
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

test('a promotion asks only for names that nothing approved refers to: those are frozen anyway', (t) => {
  const lock = withOnly(empty, entry('a'));
  t.deepEqual(notHeld(lock, [configMap('a'), configMap('new')]), [configMap('new')]);
  t.deepEqual(withAsked(lock, [configMap('a'), configMap('new')], 'one').frozen, [
    configMap('a'),
    { ...configMap('new'), promotions: ['one'] },
  ]);
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

/** Names that one person's promotions may ask for. */
const MOST = mostAsked(empty);
const secret = (name: string): Frozen[number] => ({ kind: 'Secret', name });
const many = (count: number, prefix: string): readonly Frozen[number][] =>
  Array.from({ length: count }, (_, index) => configMap(`${prefix}-${index}`));

test('whoever exchanges Secrets here goes on with one that a promotion only asks for', (t) => {
  const lock = withOnly(empty, { ...entry('a'), rotators: ['cert-manager'] });
  const asked = withAsked(lock, [secret('tls'), configMap('new')], 'one', ['eso']);
  t.deepEqual(asked.frozen, [
    configMap('a'),
    { ...configMap('new'), promotions: ['one'] },
    { ...secret('tls'), rotators: ['cert-manager', 'eso'], promotions: ['one'] },
  ]);
  t.deepEqual(refrozen(asked), asked, 'and whoever writes the lock next leaves it so');
  const both = withAsked(asked, [secret('tls')], 'two', ['other']);
  t.deepEqual(both.frozen?.at(-1), {
    ...secret('tls'),
    rotators: ['cert-manager', 'eso', 'other'],
    promotions: ['one', 'two'],
  });
  t.deepEqual(withAsked(both, [secret('tls'), configMap('new')], 'one', ['eso']), both, 'it comes to rest');
  const most = { ...secret('tls'), promotions: Array.from({ length: 64 }, (_, index) => `p-${index}`) };
  t.is(withAsked({ ...lock, frozen: [most] }, [secret('tls')], 'one').frozen?.at(-1)?.promotions?.length, 64);
});

const runs = (count: number): LockSpec =>
  withOnly(empty, entry(...Array.from({ length: count }, (_, index) => `held-${index}`)));

test('nobody fills the room that what runs leaves: half of it is for others', (t) => {
  t.is(mostAsked(runs(1)), 128);
  t.is(mostAsked(runs(MAX_FROZEN - 100)), 50);
  t.is(mostAsked(runs(MAX_FROZEN)), 0);
  const lock = withAsked(withAsked(runs(1), [configMap('a'), configMap('b')], 'one'), [configMap('b')], 'two');
  t.is(askedFor(lock, ['one', 'two'], []), 2);
  t.is(askedFor(lock, ['two'], []), 1);
  t.is(askedFor(lock, ['one'], [configMap('b')]), 1, 'what is asked for anyway takes no more room');
  t.is(askedFor(lock, ['three'], []), 0);
});

test('what is asked for takes no room from what runs', (t) => {
  const one = withOnly(empty, entry('a'));
  const full = withAsked(one, many(MAX_FROZEN, 'asked'), 'one');
  t.is(full.frozen?.length, MAX_FROZEN);
  t.false(freezes(full, many(MAX_FROZEN, 'asked')), 'there was no room for all of them');
  t.false(freezes(withAsked(full, [configMap('b')], 'two'), [configMap('b')]));
  const opened = withOpened(full, entry('b', 'c'));
  t.true(freezes(opened, [configMap('a'), configMap('b'), configMap('c')]));
  t.is(opened.frozen?.length, MAX_FROZEN);
  t.is(lockOverflow(opened), undefined);
  t.true(MOST < MAX_FROZEN);
  const long = `${'x'.repeat(250)}`;
  const heavy: LockSpec = {
    ...withAsked(one, many(MOST, long), 'one'),
    approved: [{ ...entry('a'), spec: { ...entry('a').spec, filler: 'x'.repeat(1_430_000) } }],
  };
  t.not(lockOverflow(heavy), undefined);
  t.deepEqual(names(withRoom(heavy)), ['a'], 'nor bytes');
});

test('before it opens, what could be exchanged is held still, and free again after', (t) => {
  const lock: LockSpec = {
    ...withOnly(empty, entry('a')),
    frozen: [configMap('a'), { ...secret('tls'), rotators: ['cert-manager'], promotions: ['one'] }],
    objects: [
      { kind: 'ConfigMap', name: 'a', role: 'Current', target: 'web', record: 'web-000001' },
      { kind: 'ConfigMap', name: 'a', role: 'Fallback', target: 'web', record: 'web-000001' },
    ],
  };
  const wanted = [configMap('a'), secret('tls'), configMap('absent')];
  const still = withHeldStill(lock, wanted, 'one');
  t.deepEqual(still.frozen, [
    { ...configMap('a'), opening: 'one' },
    { ...configMap('absent'), opening: 'one' },
    { ...secret('tls'), rotators: ['cert-manager'], promotions: ['one'], opening: 'one' },
  ]);
  t.is(withHeldStill(still, wanted, 'one'), still);
  t.deepEqual(refrozen(still), still);
  t.deepEqual(refrozen(still, () => false).frozen, [configMap('a')]);
  t.deepEqual(withReleased(still, 'one').frozen, refrozen(lock).frozen);
  t.is(withReleased(still, 'two'), still);
  const nobody = { ...lock, objects: [], frozen: [configMap('a'), { ...secret('tls'), promotions: ['one'] }] };
  t.is(withHeldStill(nobody, [configMap('a'), secret('tls')], 'one'), nobody, 'nobody could exchange it anyway');
  const others: LockSpec = {
    ...nobody,
    objects: [
      { kind: 'ConfigMap', name: 'b', role: 'Fallback', target: 'web', record: 'web-000001' },
      { kind: 'Service', name: 'a', role: 'Fallback', target: 'web', record: 'web-000001' },
      { kind: 'ConfigMap', name: 'a', role: 'Current', target: 'web', record: 'web-000001' },
    ],
  };
  t.is(withHeldStill(others, [configMap('a')], 'one'), others, 'what may come back is another object');
});

test('where there is no room for all, what is held still for a lock that opens comes before what is only asked for', (t) => {
  const asked = many(MAX_FROZEN, 'asked').map((key) => ({ ...key, promotions: ['one'] }));
  const still = { ...configMap('still'), opening: 'two' };
  const { frozen = [] } = refrozen({ ...empty, frozen: [...asked, still] });
  t.is(frozen.length, MAX_FROZEN);
  t.deepEqual(frozen.at(-1), still);
});

test('a name that is frozen anyway says who asked for it, in a lock that has no room for more too', (t) => {
  const full = runs(MAX_FROZEN);
  const { frozen = [] } = refrozen({ ...full, frozen: [{ ...configMap('held-0'), promotions: ['one'] }] });
  t.is(frozen.length, MAX_FROZEN);
  t.deepEqual(frozen[0], { ...configMap('held-0'), promotions: ['one'] });
});

test('what a Job refers to is frozen while its step runs, and nobody exchanges a Secret of it', (t) => {
  const volumes = [{ name: 'a', secret: { secretName: 'tls' } }];
  const spec = {
    template: { spec: { containers: [{ name: 'job', envFrom: [{ configMapRef: { name: 'a' } }] }], volumes } },
  };
  const job = { kind: 'Job', name: 'migrate', digest: 'sha256:', target: 'web', record: 'web-000003', spec } as const;
  const web = { ...entry(), spec: { template: { spec: { volumes } } }, rotators: ['cert-manager'] };
  const lock = withJobs(withOnly(empty, web), [job]);
  t.deepEqual(lock.frozen, [configMap('a'), secret('tls')]);
  t.deepEqual(withJobs(lock, []).frozen, [{ ...secret('tls'), rotators: ['cert-manager'] }]);
});
