/** ConfigMaps that an environment's author writes: what workloads get of them, and when they roll. */
import test from 'ava';
import { copiesOf, sameCopies } from '../../operator/environments/decide/copies.ts';
import { accepted, child, environment, envOf, image, planOf, podOf, twinClass } from './environment-fixtures.ts';

const app = (value: string): object => ({ name: 'app', data: [{ name: 'app.yaml', value }] });
const variables = {
  name: 'variables',
  data: [
    { name: 'MODE', value: 'costs $(NOTHING)' },
    { name: 'LOG_LEVEL', value: 'info' },
  ],
};
const web = { name: 'web', image, port: 8080 };
const files = { ...web, configMaps: [{ name: 'app', path: '/etc/app' }] };
const templated = {
  name: 'worker',
  expose: 'None',
  template: {
    spec: { containers: [{ name: 'main', image, envFrom: [{ configMapRef: { name: 'app' } }] }] },
  },
};

const written = (value: string) =>
  copiesOf(environment({ configMaps: ['flags'], ownConfigMaps: [app(value)] }), twinClass());

const deployment = (name: string, value: string): object => {
  const workloads = [files, templated, { ...web, name: 'other' }];
  return child(accepted({ workloads, ownConfigMaps: [app(value)] }), 'Deployment', name);
};

test('they are brought beside copies, by what the author wrote', (t) => {
  t.deepEqual(written('a'), [
    { kind: 'ConfigMap', name: 'flags' },
    { kind: 'ConfigMap', name: 'app', data: { 'app.yaml': 'a' } },
  ]);
  t.true(sameCopies(written('a'), written('a')));
  t.false(sameCopies(written('a'), written('b')), 'other data is brought anew');
});

test('one with a path is mounted there, read-only', (t) => {
  const pod = podOf(accepted({ workloads: [files], ownConfigMaps: [app('a')] }), 'web');
  t.deepEqual(pod['volumes'], [{ name: 'config-0', configMap: { name: 'app' } }]);
  t.deepEqual(pod.containers[0]?.volumeMounts, [{ name: 'config-0', mountPath: '/etc/app', readOnly: true }]);
});

test('one without is variables, as they stand; those of env go before them, and each is there once', (t) => {
  const workload = { ...web, env: [{ name: 'LOG_LEVEL', value: 'debug' }], configMaps: [{ name: 'variables' }] };
  t.deepEqual(envOf(accepted({ workloads: [workload], ownConfigMaps: [variables] }), 'web'), [
    { name: 'MODE', value: 'costs $$(NOTHING)' },
    { name: 'LOG_LEVEL', value: 'debug' },
  ]);
});

test('other data is another template for whoever refers to it, and for nobody else', (t) => {
  for (const name of ['web', 'worker']) {
    t.notDeepEqual(deployment(name, 'a'), deployment(name, 'b'), name);
    t.deepEqual(deployment(name, 'a'), deployment(name, 'a'), name);
  }
  t.deepEqual(deployment('other', 'a'), deployment('other', 'b'));
});

test('a live key in one is refused before anything is made, and told nowhere', (t) => {
  const key = 'sk_live_51HxNotForYourEyes';
  const found = planOf({ services: [{ name: 'stripe' }], ownConfigMaps: [app(`stripe:\n  key: "${key}"`)] });
  if (!('problems' in found)) return t.fail('it is planned');
  t.is(found.problems[0]?.reason, 'LiveKeyRefused');
  t.regex(found.problems[0]?.message ?? '', /ConfigMap app: app\.yaml looks like a live key of stripe/);
  return t.false(JSON.stringify(found).includes(key));
});
