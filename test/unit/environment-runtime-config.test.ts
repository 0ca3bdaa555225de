/** What front ends are served of the bindings. */
import test from 'ava';
import { runtimeConfigs } from '../../operator/environments/decide/plan/runtime-config.ts';
import { environmentHosts } from '../../operator/environments/naming/index.ts';
import { endpointAt } from '../../operator/environments/decide/resolve/index.ts';
import { accepted, environment, image } from './environment-fixtures.ts';

const hosts = environmentHosts({ domain: 'twins.localhost', scheme: 'http', port: 30_080 }, 'pr-42-x');

function served(expose: string, format?: string): string {
  const bindings = [{ service: 'stripe', env: 'QUOTED', value: "{key} isn't $HOME" }];
  const runtimeConfig = { path: '/config', ...(format === undefined ? {} : { format }) };
  const { spec } = environment({
    workloads: [{ name: 'web', image, port: 8080, bindings, runtimeConfig }],
    services: [{ name: 'stripe', expose }],
  });
  const self = { environment: 'pr-42', endpoint: endpointAt('http://pr-42-x.twins.localhost:30080') };
  const [file] = runtimeConfigs(spec.workloads ?? [], accepted(spec).services, hosts, () => self);
  return file?.body ?? '';
}

const bases: readonly [expose: string, url: string][] = [
  ['None', 'http://stripe:12111'],
  ['Host', 'http://stripe--pr-42-x.twins.localhost:30080'],
  ['Path', 'http://pr-42-x.twins.localhost:30080/twins/stripe'],
];
for (const [expose, url] of bases) {
  test(`a front end is told where a service with expose: ${expose} is reached`, (t) => {
    t.deepEqual(JSON.parse(served(expose)), {
      TWINLOCK_URL: 'http://pr-42-x.twins.localhost:30080',
      TWINLOCK_ENVIRONMENT: 'pr-42',
      STRIPE_API_BASE: url,
      STRIPE_API_KEY: 'sk_test_twin',
      QUOTED: "sk_test_twin isn't $HOME",
    });
  });
}

test('as lines, each value is one word of a shell', (t) => {
  const lines = served('Path', 'Env').split('\n');
  t.true(lines.includes('STRIPE_API_BASE=http://pr-42-x.twins.localhost:30080/twins/stripe'));
  t.true(lines.includes(String.raw`QUOTED='sk_test_twin isn'\''t $HOME'`));
});

test('as a script, it sets one object', (t) => {
  const [, object = ''] = /^window\.twinlockConfig = (.*);\n$/s.exec(served('Path', 'Script')) ?? [];
  t.deepEqual(JSON.parse(object), JSON.parse(served('Path')));
});
