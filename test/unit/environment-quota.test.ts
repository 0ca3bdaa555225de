import test from 'ava';
import { accepted, child, image, planOf, twinClass } from './environment-fixtures.ts';

const two = {
  workloads: [
    { name: 'api', image, port: 8080 },
    { name: 'web', image, port: 8080 },
  ],
};
const plain = { boundaryImage: undefined };

/** What is wrong with the plan in a class of that quota; nothing when it fits. */
function refused(spec: object, quota: object, more: object = {}): string | undefined {
  const plan = planOf(spec, { ...plain, twinClass: twinClass({ quota, ...more }) });
  return 'problems' in plan ? plan.problems.map(({ reason, message }) => `${reason} ${message}`).join() : undefined;
}

const strategyOf = (spec: object, quota: object, name = 'web'): unknown => {
  const { spec: found } = child(accepted(spec, { ...plain, twinClass: twinClass({ quota }) }), 'Deployment', name);
  return (found as { readonly strategy?: unknown }).strategy;
};
const withoutSurge = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };

const written = (pod: object): object => ({ workloads: [{ name: 'web', template: { spec: pod }, expose: 'None' }] });
const cpu = (limit: string): object => ({ name: 'c', image, resources: { limits: { cpu: limit } } });

const scratch = (storage: string): object => ({
  name: 'a',
  ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage } } } } },
});

const cases: readonly (readonly [title: string, spec: object, quota: object, words: RegExp | undefined])[] = [
  ['as many pods as there may be', two, { pods: 2 }, undefined],
  ['more pods', two, { pods: 1 }, /^QuotaTooSmall .*pods 2 where 1 is the most \(1 too much\)/],
  ['replicas', { workloads: [{ ...two.workloads[0], replicas: 5 }] }, { pods: 3 }, /pods 5 where 3 is the most/],
  ['Services', two, { services: 1 }, /services 2 where 1/],
  ['defaults of the LimitRange', two, { 'limits.memory': '1000Mi' }, /limits\.memory 1024Mi where 1000Mi .*\(24Mi too/],
  ['requests by default', two, { 'requests.cpu': '15m' }, /requests\.cpu 20m where 15m is the most \(5m too much\)/],
  ['a limit that is the request, too', written({ containers: [cpu('1')] }), { 'requests.cpu': '900m' }, /cpu 1000m/],
  [
    'init containers, of which one runs at a time',
    written({
      containers: [cpu('1')],
      initContainers: [
        { ...cpu('1'), name: 'a' },
        { ...cpu('1'), name: 'b' },
      ],
    }),
    { 'limits.cpu': '1' },
    undefined,
  ],
  [
    'an init container that stays',
    written({ containers: [cpu('1')], initContainers: [{ ...cpu('1'), name: 'a', restartPolicy: 'Always' }] }),
    { 'limits.cpu': '1' },
    /limits\.cpu 2000m where 1000m/,
  ],
  [
    'what a pod asks for as a whole',
    written({ containers: [cpu('1')], resources: { limits: { cpu: '3' } } }),
    { 'limits.cpu': '2' },
    /limits\.cpu 3000m/,
  ],
  [
    'volumes that every pod makes for itself',
    written({ containers: [{ name: 'c', image }], volumes: [scratch('2Gi')] }),
    { 'requests.storage': '1Gi' },
    /requests\.storage 2048Mi where 1024Mi/,
  ],
  [
    'claims that every pod makes for itself',
    written({ containers: [{ name: 'c', image }], volumes: [scratch('1Mi'), { ...scratch('1Mi'), name: 'b' }] }),
    { persistentvolumeclaims: 1 },
    /persistentvolumeclaims 2 where 1/,
  ],
  ['what is no quantity, which the API server finds', written({ containers: [cpu('much')] }), {}, undefined],
  [
    'state',
    { services: [{ name: 'stripe', state: { persistence: 'Durable', size: '2Gi' } }] },
    { 'requests.storage': '1Gi' },
    /requests\.storage 2048Mi where 1024Mi/,
  ],
];
for (const [title, spec, quota, words] of cases)
  test(`a quota against ${title}`, (t) => {
    const found = refused(spec, quota);
    if (words === undefined) t.is(found, undefined);
    else t.regex(found ?? '', words);
  });

test('with room for more pods an update is the usual one; without, an old pod goes first', (t) => {
  t.is(strategyOf(two, { pods: 4 }), undefined);
  t.deepEqual(strategyOf(two, { pods: 3 }), withoutSurge);
  t.deepEqual(strategyOf(two, { pods: 2 }), withoutSurge);
  t.deepEqual(strategyOf(two, { 'limits.memory': '1024Mi' }), withoutSurge);
  const scratched = written({ containers: [{ name: 'c', image }], volumes: [scratch('1Gi')] });
  t.deepEqual(strategyOf(scratched, { 'requests.storage': '1Gi' }), withoutSurge);
});

test('a twin whose state is on a volume is stopped first anyway, and needs no room', (t) => {
  const durable = { services: [{ name: 'stripe', state: { persistence: 'Durable', size: '1Gi' } }] };
  t.deepEqual(strategyOf(durable, { pods: 1 }, 'stripe'), { type: 'Recreate' });
});
