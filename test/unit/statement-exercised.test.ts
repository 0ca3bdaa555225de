import test from 'ava';
import type { TwinEnvironment } from '../../operator/api/index.ts';
import type { JSONValue } from '../../operator/canonical/index.ts';
import { ranWith } from '../../operator/promotions/decide/plan/index.ts';
import {
  changesOf,
  isImagePath,
  notExercised,
  notExercisedSince,
  type RanWith,
} from '../../operator/votes/statement/index.ts';
import { images } from './promotion-world.ts';

type Json = Readonly<Record<string, unknown>>;
const web = { kind: 'Deployment', name: 'web' };
const spec = (container: Json, pod: Json = {}, more: Json = {}): Json => ({
  template: { metadata: {}, spec: { containers: [{ name: 'web', image: images.first, ...container }], ...pod } },
  ...more,
});
const env = (...variables: readonly string[]) => ({
  env: variables.map((variable) => {
    const [name = '', value = ''] = variable.split('=');
    return { name, value };
  }),
});
const whole = (template: unknown): RanWith => ({ template: template as JSONValue, whole: true, variables: new Set() });
const templateOf = (container: Json, pod: Json = {}): RanWith => whole(spec(container, pod)['template']);
const image = (container: Json, variables: RanWith['variables'] = new Set()): RanWith => ({
  template: { spec: { containers: [{ name: 'web', ...container }] } } as JSONValue,
  whole: false,
  variables,
});

/** What changes from what to what, what ran, and what of the changes is told as not exercised, below the container or pod. */
const cases: readonly (readonly [string, Json, Json, RanWith | undefined, readonly string[]])[] = [
  ['nothing ran', spec({}), spec({ args: ['x'] }), undefined, ['c.args[0]']],
  ['the image that was seen', spec({}), spec({ image: images.second }), undefined, []],
  ['another image', spec({}), spec({ image: images.evil }), templateOf({ image: images.evil }), ['c.image']],
  ['the same value', spec({}), spec(env('A=1')), templateOf(env('A=1')), []],
  ['another value', spec({}), spec(env('A=1')), templateOf(env('A=2')), ['c.env[name=A].value']],
  [
    'a variable that the environment does not have',
    spec({}),
    spec(env('A=1')),
    templateOf({}),
    ['c.env[name=A].name', 'c.env[name=A].value'],
  ],
  ['a variable that goes', spec(env('A=1', 'B=2')), spec(env('B=2')), templateOf(env('B=2')), []],
  [
    'a variable that goes, and was there',
    spec(env('A=1', 'B=2')),
    spec(env('B=2')),
    templateOf(env('A=1', 'B=2')),
    ['c.env[name=A].name', 'c.env[name=A].value'],
  ],
  ['an order', spec(env('B=1', 'A=2')), spec(env('A=2', 'B=1')), templateOf(env('A=2', 'B=1')), []],
  ['another order', spec(env('A=1', 'B=2')), spec(env('B=2', 'A=1')), templateOf(env('A=1', 'B=2')), ['c.env (order)']],
  [
    'a variable that the environment set itself',
    spec({}),
    spec(env('URL=https://vendor.example')),
    { ...templateOf(env('URL=https://vendor.example')), variables: new Set(['web/URL']) },
    ['c.env[name=URL].name', 'c.env[name=URL].value'],
  ],
  [
    'any variable, where it is not known which ones it took out',
    spec(env('KEY=1')),
    spec({ args: ['x'] }),
    { ...templateOf({ args: ['x'] }), variables: 'All' },
    ['c.env[name=KEY].name', 'c.env[name=KEY].value'],
  ],
  [
    'limits, where there were none',
    spec({ resources: {} }),
    spec({ resources: { limits: { memory: '1Gi' } } }),
    templateOf({ resources: { limits: { memory: '1Gi' } } }),
    [],
  ],
  [
    'a probe with what the API server fills in',
    spec({}),
    spec({
      livenessProbe: {
        httpGet: { path: '/', port: 1, scheme: 'HTTP' },
        timeoutSeconds: 1,
        periodSeconds: 10,
        successThreshold: 1,
        failureThreshold: 3,
      },
    }),
    templateOf({ livenessProbe: { httpGet: { path: '/', port: 1 } } }),
    [],
  ],
  [
    'a probe with a number of its own',
    spec({}),
    spec({ livenessProbe: { tcpSocket: { port: 1 }, periodSeconds: 11, failureThreshold: 3 } }),
    templateOf({ livenessProbe: { tcpSocket: { port: 1 } } }),
    ['c.livenessProbe.periodSeconds'],
  ],
  [
    'a default of the API server, where the environment has another',
    spec({ livenessProbe: { periodSeconds: 5 } }),
    spec({ livenessProbe: { periodSeconds: 10 } }),
    templateOf({ livenessProbe: { periodSeconds: 5 } }),
    ['c.livenessProbe.periodSeconds'],
  ],
  [
    'a default of environments',
    spec({}, { terminationGracePeriodSeconds: 60 }),
    spec({}),
    templateOf({}),
    ['p.terminationGracePeriodSeconds'],
  ],
  [
    'a volume that is replaced',
    spec({}, { volumes: [{ name: 'v', emptyDir: {} }] }),
    spec({}, { volumes: [{ name: 'v', hostPath: { path: '/' } }] }),
    templateOf({}, { volumes: [{ name: 'v', emptyDir: {} }] }),
    ['p.volumes[name=v].emptyDir', 'p.volumes[name=v].hostPath.path'],
  ],
  [
    'how it rolls',
    spec({}),
    spec({}, {}, { minReadySeconds: 5 }),
    templateOf({}),
    ['Deployment/web spec.minReadySeconds'],
  ],
  ['by image: a variable', spec({}), spec(env('A=1')), image(env('A=1')), []],
  ['by image: a variable that goes', spec(env('A=1')), spec({}), image({}), []],
  [
    'by image: what it says nothing of',
    spec({ workingDir: '/a' }),
    spec({ args: ['x'] }),
    image({ args: ['x'] }),
    ['c.workingDir'],
  ],
  [
    'a name that looks like a place',
    spec({}),
    spec(env('x].image=1')),
    templateOf({}),
    ['c.env[name="x].image"].name', 'c.env[name="x].image"].value'],
  ],
];
const short = (path: string): string =>
  path
    .replace('Deployment/web spec.template.spec.containers[name=web].', 'c.')
    .replace('Deployment/web spec.template.spec.', 'p.');
for (const [what, current, desired, ran, listed] of cases)
  test(`not exercised: ${what}`, (t) => {
    const changes = changesOf([{ ...web, part: 'spec', current, desired }]);
    const seen = [{ container: 'web', image: images.second.replace('registry', 'mirror') }];
    const found = notExercised({ workload: web, changes, ran, images: seen });
    t.deepEqual(found.map(short), listed);
    t.true(changes.length > 0);
    // A later round says the same of the same changes, with the environment gone.
    const first = JSON.stringify({ predicate: { changes, notExercised: found } });
    t.deepEqual(notExercisedSince(first, changes, new Map([['Deployment/web', seen]])), found);
  });

test('a change that the first statement did not have, or had with another outcome, did not run', (t) => {
  const told = changesOf([{ ...web, part: 'spec', current: spec({}), desired: spec(env('A=1')) }]);
  const first = JSON.stringify({ predicate: { changes: told } });
  const now = changesOf([{ ...web, part: 'spec', current: spec({}), desired: spec(env('A=2', 'B=1')) }]);
  t.deepEqual(notExercisedSince(first, told, new Map()), []);
  t.deepEqual(notExercisedSince(first, now, new Map()).map(short), [
    'c.env[name=A].value',
    'c.env[name=B].name',
    'c.env[name=B].value',
  ]);
});

test('the place of an image is known from whatever else is called so', (t) => {
  const at = 'Deployment/web spec.template.spec.';
  for (const path of ['containers[name=web].image', 'initContainers[name=a].image', 'volumes[name=v].image.reference'])
    t.true(isImagePath(at + path), path);
  for (const path of ['containers[name=web].env[name="x].image"].value', 'volumes[name=v].image.pullPolicy', 'x.image'])
    t.false(isImagePath(at + path), path);
});

const environment = (workload: Json, services: readonly Json[] = [], rendered: readonly Json[] = []): TwinEnvironment =>
  ({ spec: { services, workloads: [{ name: 'web', ...workload }] }, status: { services: [{ rendered }] } }) as never;

/** The environment sets them in every container. */
const OWN = ['web/TWINLOCK_URL', 'web/TWINLOCK_ENVIRONMENT'];

test('what an environment ran with is read from what its author wrote, less what it set itself', (t) => {
  t.deepEqual(ranWith(environment({ image: images.first, env: [{ name: 'A', value: '$1' }], args: ['x'] }), 'web'), {
    // A `$` is no reference to another variable there.
    template: { spec: { containers: [{ name: 'web', env: [{ name: 'A', value: '$$1' }], args: ['x'] }] } },
    whole: false,
    variables: new Set(OWN),
  });
  const template = { spec: { containers: [{ name: 'web' }] } };
  const rendered = [
    { workload: 'web', container: 'web', env: 'URL' },
    { workload: 'api', container: 'web', env: 'OTHER' },
  ];
  t.deepEqual(ranWith(environment({ template }, [{ mode: 'Twin' }], rendered), 'web'), {
    template,
    whole: true,
    variables: new Set(['web/URL', ...OWN]),
  });
  t.is(ranWith(environment({ template }, [{ mode: 'Real' }]), 'web')?.variables, 'All');
  t.is(ranWith(environment({ template: { spec: { x: 0.5 } } }), 'web'), undefined, 'nothing can be said for sure');
  t.is(ranWith(environment({ template }), 'api'), undefined);
  t.is(ranWith(undefined, 'web'), undefined);
});
