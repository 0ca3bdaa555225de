import test from 'ava';
import type { TwinEnvironment } from '../../operator/api/index.ts';
import { ranWith } from '../../operator/promotions/decide/plan/index.ts';
import { environment, images } from './promotion-world.ts';

const of = (spec: object, status?: object): TwinEnvironment => ({
  ...environment(images.second),
  spec: spec as TwinEnvironment['spec'],
  status: status as NonNullable<TwinEnvironment['status']>,
});
const template = { spec: { containers: [{ name: 'web' }] } };
const told = ['web/TWINLOCK_URL', 'web/TWINLOCK_ENVIRONMENT'];
const web = { name: 'web', template };

test('a workload that an environment has not ran with nothing that is known', (t) => {
  t.is(ranWith(undefined, 'web'), undefined);
  t.is(ranWith(of({}), 'web'), undefined);
  t.is(ranWith(of({ workloads: [web] }), 'api'), undefined);
});

test('a template is taken whole, an image with what is said beside it', (t) => {
  t.deepEqual(ranWith(of({ workloads: [{ name: 'api', template: {} }, web] }), 'web'), {
    template,
    whole: true,
    variables: new Set(told),
  });
  t.deepEqual(ranWith(of({ workloads: [{ name: 'web', image: 'x' }] }), 'web'), {
    template: { spec: { containers: [{ name: 'web', env: [] }] } },
    whole: false,
    variables: new Set(told),
  });
  const env = [{ name: 'PRICE', value: '$5 and $6' }];
  t.deepEqual(ranWith(of({ workloads: [{ name: 'web', image: 'x', env, args: ['serve'] }] }), 'web')?.template, {
    spec: { containers: [{ name: 'web', env: [{ name: 'PRICE', value: '$$5 and $$6' }], args: ['serve'] }] },
  });
});

test('variables that the environment set itself are those of this workload, where all of them are known', (t) => {
  const rendered = [
    { workload: 'web', container: 'web', env: 'STRIPE_URL' },
    { workload: 'api', container: 'api', env: 'STRIPE_URL' },
  ];
  const twin = { name: 'stripe', mode: 'Twin' };
  const variables = (services: readonly object[]): unknown =>
    ranWith(of({ workloads: [web], services }, { services: [{ name: 'mail' }, { name: 'stripe', rendered }] }), 'web')
      ?.variables;
  t.deepEqual(variables([twin]), new Set(['web/STRIPE_URL', ...told]));
  t.is(variables([twin, { name: 'mail', mode: 'Real' }]), 'All');
  t.deepEqual(ranWith(of({ workloads: [web], services: [twin] }), 'web')?.variables, new Set(told));
  t.deepEqual(ranWith(of({ workloads: [web], services: [twin] }, {}), 'web')?.variables, new Set(told));
});

test('of a template that has no canonical form nothing is known', (t) => {
  t.is(ranWith(of({ workloads: [{ name: 'web', template: { spec: { x: 2 ** 63 } } }] }), 'web'), undefined);
  const hostile = {
    get spec(): never {
      throw new RangeError('not of JSON');
    },
  };
  t.throws(() => ranWith(of({ workloads: [{ name: 'web', template: hostile }] }), 'web'), { instanceOf: RangeError });
});
