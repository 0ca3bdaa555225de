/** What is taken away of a live template before it is compared: what mutations name, and nothing that was approved. */
import test from 'ava';
import { withoutMutations, type Approved } from '../../operator/lock/index.ts';
import type { Spec } from './lock-chain.ts';

type Mutations = NonNullable<Approved['mutations']>;

const of = (containers: unknown, rest: Spec = {}): Spec => ({ template: { spec: { containers, ...rest } } });
const web = (...env: readonly unknown[]): Spec => of([{ name: 'web', image: 'a', env }]);
const bare = of([{ name: 'web', image: 'a' }]);
const env = (...names: readonly string[]): Mutations => [{ field: 'Env', names: [...names] }];
const without = (live: Spec, approved: Spec, mutations: Mutations | undefined): Spec =>
  withoutMutations('Deployment', live, approved, mutations);

test('a variable that a mutation names is taken away; with the last one goes the list', (t) => {
  const own = { name: 'A', value: '1' };
  const added = { name: 'MARK', value: 'x' };
  t.deepEqual(without(web(own, added), web(own), env('MARK')), web(own));
  t.deepEqual(without(web(added), bare, env('MARK')), bare);
  t.deepEqual(without(web(added), bare, env('OTHER')), web(added));
  t.deepEqual(without(web(added), bare, undefined), web(added));
  t.deepEqual(without(web(added), bare, []), web(added));
});

test('where nothing is taken away nothing changes, an empty list and an empty map too', (t) => {
  const [noEnv, noAnnotations] = [web(), { template: { metadata: { annotations: {} } } }];
  t.deepEqual(without(noEnv, bare, env('MARK')), noEnv);
  t.deepEqual(without(noAnnotations, {}, [{ field: 'Annotations', names: ['a'] }]), noAnnotations);
});

test('a name is exact, or a start with a final *', (t) => {
  const named = (pattern: string, name: string): boolean => {
    return !('env' in firstOf(without(web({ name, value: 'x' }), bare, env(pattern))));
  };
  t.true(named('MARK', 'MARK'));
  t.false(named('MARK', 'MARKED'));
  t.true(named('MARK*', 'MARKED'));
  t.true(named('MARK*', 'MARK'));
  t.false(named('MARK*', 'MAR'));
  t.false(named('*ED', 'MARKED'), 'a * elsewhere is no pattern');
  t.deepEqual(without(web({ name: 'B' }), bare, env('A', 'B', 'C')), bare, 'one of several names is enough');
});

function firstOf(live: Spec): Spec {
  const { template } = live as { readonly template: { readonly spec: { readonly containers: readonly Spec[] } } };
  return template.spec.containers[0] ?? {};
}

const taken = (variable: Spec): boolean =>
  !('env' in firstOf(without(web({ name: 'MARK', ...variable }), bare, env('MARK'))));

test('a variable may hold a text, or what the pod says of itself, and nothing else', (t) => {
  for (const variable of [
    {},
    { value: 'x' },
    { valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
  ])
    t.true(taken(variable), JSON.stringify(variable));
  for (const variable of [
    { valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
    { valueFrom: { configMapKeyRef: { name: 's', key: 'k' } } },
    { valueFrom: { fieldRef: {}, secretKeyRef: {} } },
    { value: 'x', fieldOfTomorrow: 'y' },
  ])
    t.false(taken(variable), JSON.stringify(variable));
});

test('a mutation of one container lets nothing into another, and one of none into each', (t) => {
  const added = [{ name: 'MARK', value: 'x' }];
  const both = of(
    [
      { name: 'web', env: added },
      { name: 'side', env: added },
    ],
    {
      initContainers: [{ name: 'init', env: added }],
    },
  );
  const approved = of([{ name: 'web' }, { name: 'side' }], { initContainers: [{ name: 'init' }] });
  t.deepEqual(without(both, approved, env('MARK')), approved);
  t.deepEqual(
    without(both, approved, [{ field: 'Env', container: 'side', names: ['MARK'] }]),
    of([{ name: 'web', env: added }, { name: 'side' }], { initContainers: [{ name: 'init', env: added }] }),
  );
});

test('a variable that was approved is never taken away, whatever a mutation names', (t) => {
  const changed = web({ name: 'MARK', value: 'other' });
  t.deepEqual(without(changed, web({ name: 'MARK', value: 'x' }), env('MARK')), changed);
});

test('a container that was not approved keeps all that it has', (t) => {
  const live = of([{ name: 'evil', env: [{ name: 'MARK', value: 'x' }] }]);
  t.deepEqual(without(live, bare, env('MARK')), live);
  const init = { template: { spec: { initContainers: [{ name: 'web', env: [{ name: 'MARK' }] }] } } };
  t.deepEqual(without(init, bare, env('MARK')), init, 'one of another list is another container');
});

const noted = (annotations: Spec): Spec => ({ template: { metadata: { labels: { app: 'web' }, annotations } } });

test('annotations that a mutation names are taken away, those that were approved never', (t) => {
  const mutations: Mutations = [{ field: 'Annotations', names: ['reloader/*'] }];
  t.deepEqual(without(noted({ 'reloader/at': '1', own: '2' }), noted({ own: '2' }), mutations), noted({ own: '2' }));
  t.deepEqual(without(noted({ 'reloader/at': '1' }), {}, mutations), {
    template: { metadata: { labels: { app: 'web' } } },
  });
  const approved = noted({ 'reloader/at': '0' });
  t.deepEqual(without(noted({ 'reloader/at': '1' }), approved, mutations), noted({ 'reloader/at': '1' }));
  const inherited = noted({ toString: '1' });
  t.deepEqual(without(inherited, approved, [{ field: 'Annotations', names: ['toString'] }]), {
    template: { metadata: { labels: { app: 'web' } } },
  });
  const ofOne: Mutations = [{ field: 'Annotations', container: 'web', names: ['reloader/*'] }];
  t.deepEqual(without(noted({ 'reloader/at': '1', own: '2' }), {}, ofOne), noted({ own: '2' }), 'they are of the pod');
});

test('a mutation lets in what its field says and nothing of another', (t) => {
  const live: Spec = {
    template: {
      metadata: { annotations: { MARK: '1' } },
      spec: { containers: [{ name: 'web', image: 'a', env: [{ name: 'MARK', value: '1' }] }] },
    },
  };
  const [variable, annotation] = [env('MARK'), [{ field: 'Annotations', names: ['MARK'] }] satisfies Mutations];
  t.deepEqual(without(live, bare, variable), {
    template: { metadata: { annotations: { MARK: '1' } }, spec: { containers: [{ name: 'web', image: 'a' }] } },
  });
  t.deepEqual(without(live, bare, annotation), {
    template: {
      metadata: {},
      spec: { containers: [{ name: 'web', image: 'a', env: [{ name: 'MARK', value: '1' }] }] },
    },
  });
  t.deepEqual(without(live, bare, [{ field: 'Labels', names: ['MARK'] }, { field: 'Probes' }]), live);
  t.deepEqual(without(live, bare, [{ field: 'Env' }, { field: 'Annotations' }]), live, 'without names nothing');
});

const ODD: readonly (readonly [string, Spec])[] = [
  ['no template', { minReadySeconds: 1 }],
  ['a template that is none', { template: 'x' }],
  ['neither metadata nor spec', { template: {} }],
  ['metadata and spec that are none', { template: { metadata: 'x', spec: [] } }],
  ['annotations that are none', { template: { metadata: { annotations: ['MARK'] } } }],
  ['containers that are none', of('web')],
  ['a container that is none', of([null, 'web'])],
  ['variables that are none', of([{ name: 'web', env: { MARK: 'x' } }])],
  ['a variable that is none', web(null, 'MARK', ['MARK'], {})],
  ['a name that is no text', web({ name: 5 }, { name: null }, { name: ['MARK'] })],
];
for (const [what, live] of ODD)
  test(`what is no workload of Kubernetes is left as it is: ${what}`, (t) => {
    const mutations: Mutations = [...env('MARK', 'MARK*'), { field: 'Annotations', names: ['MARK', '0'] }];
    t.deepEqual(without(live, bare, mutations), live);
  });

test('a live template is compared with an approved one that is none: nothing of it was approved', (t) => {
  const live = web({ name: 'MARK' });
  for (const [what, approved] of ODD) t.notThrows(() => without(live, approved, env('MARK')), what);
  t.deepEqual(without(live, of([null, { name: 'web', env: [null, 'MARK'] }]), env('MARK')), bare);
});
