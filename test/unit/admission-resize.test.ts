/** Who may resize a pod that runs, and what of it: the expressions of the rule itself. */
import test from 'ava';
import { evaluator } from '../../operator/admission/evaluate.ts';
import { podResize } from '../../operator/admission/pod-resize.ts';

type Json = Readonly<Record<string, unknown>>;

const { variables = [], validations } = podResize();
const [who, what] = validations.map(({ expression }) => expression);
const evaluate = evaluator(variables, [who ?? '', what ?? '']);

const amounts = (cpu: string, also: Json = {}): Json => ({ requests: { cpu, memory: '64Mi', ...also } });
const container = (name: string, resources: Json = amounts('10m')): Json => ({
  name,
  image: 'web@sha256:a',
  resources,
});
const spec = (changes: Json = {}): Json => ({
  containers: [container('web'), container('beside')],
  initContainers: [container('proxy')],
  nodeName: 'node-1',
  ...changes,
});
const entry = (name: string, mutations: readonly Json[]): Json => ({
  kind: 'Deployment',
  name,
  mutations,
  spec: { selector: { matchLabels: { app: name } } },
});
/** As a Job is approved: its selector is made later, by the API server. */
const withoutSelector = { kind: 'Job', name: 'job', mutations: [{ field: 'Resources' }], spec: {} };
const vpa = 'system:serviceaccount:kube-system:vpa-updater';
const web = entry('web', [
  { field: 'Resources', container: 'web' },
  { field: 'Env', names: ['beside'] },
]);

interface Tried {
  readonly username?: string;
  readonly podWriters?: readonly Json[];
  readonly approved?: readonly Json[];
  readonly labels?: Json;
  readonly owner?: Json;
  readonly now?: Json;
}

const madeBy = (kind: string, name: string, changes: Json = {}): Json => ({
  apiVersion: 'apps/v1',
  kind,
  name,
  controller: true,
  ...changes,
});

/** Whether it is one who may, and something that may be. */
function tried({
  username = vpa,
  podWriters = [{ user: vpa, resizes: true }],
  approved = [entry('api', []), web, withoutSelector],
  labels = { app: 'web', tier: 'shop' },
  owner = madeBy('ReplicaSet', 'web-5d4c8f7b9'),
  now = spec({ containers: [container('web', amounts('25m')), container('beside')] }),
}: Tried): readonly unknown[] {
  const value = evaluate({
    object: { metadata: { labels }, spec: now },
    oldObject: { metadata: { labels, ...(owner['kind'] !== undefined && { ownerReferences: [owner] }) }, spec: spec() },
    params: { spec: { podWriters, approved } },
    request: { userInfo: { username } },
  });
  return [value(who ?? ''), value(what ?? '')];
}

test('who is named with resizes changes amounts of the container that is named', (t) => {
  t.deepEqual(tried({}), [true, true]);
  const limits = { containers: [container('web', { ...amounts('25m'), limits: { cpu: '1' } }), container('beside')] };
  t.deepEqual(tried({ now: spec(limits) }), [true, true], 'limits too');
  const all = [entry('web', [{ field: 'Resources' }])];
  const everywhere = {
    containers: [container('web', amounts('25m')), container('beside', amounts('30m'))],
    initContainers: [container('proxy', amounts('5m'))],
  };
  t.deepEqual(tried({ now: spec(everywhere), approved: all }), [true, true], 'each container, where none is named');
});

test('of a StatefulSet or a DaemonSet too, whose pods are their own', (t) => {
  for (const kind of ['StatefulSet', 'DaemonSet'])
    t.deepEqual(tried({ approved: [{ ...web, kind }], owner: madeBy(kind, 'web') }), [true, true], kind);
});

test('nobody else does, whatever else they may write; who changes nothing is not asked', (t) => {
  const others: readonly Tried[] = [
    { username: 'wildcard' },
    { podWriters: [{ user: vpa }] },
    { podWriters: [{ user: vpa, resizes: false, annotations: ['vpaInPlaceUpdated'] }] },
    { podWriters: [{ user: `${vpa}-2`, resizes: true }] },
    { podWriters: [] },
  ];
  for (const other of others) t.deepEqual(tried(other), [false, true], JSON.stringify(other));
  t.deepEqual(tried({ username: 'agent', podWriters: [], approved: [], now: spec() }), [true, true]);
});

const WRONG: Readonly<Record<string, Tried>> = {
  'another container': { now: spec({ containers: [container('web'), container('beside', amounts('25m'))] }) },
  'an init container': { now: spec({ initContainers: [container('proxy', amounts('25m'))] }) },
  'a device': {
    now: spec({ containers: [container('web', amounts('10m', { 'example.com/gpu': '1' })), container('beside')] }),
  },
  'an image with it': {
    now: spec({ containers: [{ ...container('web', amounts('25m')), image: 'evil' }, container('beside')] }),
  },
  'another order': { now: spec({ containers: [container('beside'), container('web', amounts('25m'))] }) },
  'a container less': { now: spec({ containers: [container('web', amounts('25m'))] }) },
  'a field of the pod': { now: spec({ nodeName: 'node-2' }) },
  'resources of the pod': { now: spec({ resources: amounts('25m') }) },
  'a pod of another workload': { labels: { app: 'api' } },
  'a pod of no workload, though some entry has no selector': { labels: { app: 'job' } },
  'a pod that nobody made, with the labels of a workload': { owner: {} },
  'a pod of something else': { owner: madeBy('ReplicaSet', 'api-5d4c8f7b9') },
  'a pod of a workload whose name goes on': { owner: madeBy('ReplicaSet', 'web-api-5d4c8f7b9') },
  'a pod of a workload of that name and another kind': { owner: madeBy('StatefulSet', 'web') },
  'a pod whose owner only is called so': {
    owner: madeBy('ReplicaSet', 'web-5d4c8f7b9', { apiVersion: 'x.example/v1' }),
  },
  'a pod whose owner does not control it': { owner: madeBy('ReplicaSet', 'web-5d4c8f7b9', { controller: false }) },
  'another resizePolicy': {
    now: spec({
      containers: [{ ...container('web', amounts('25m')), resizePolicy: [] }, container('beside')],
    }),
  },
  'a workload without mutations': { approved: [{ kind: 'Deployment', name: 'web', spec: web['spec'] }] },
  'nothing that is approved': { approved: [] },
};

for (const [name, wrong] of Object.entries(WRONG))
  test(`refused: ${name}`, (t) => {
    t.deepEqual(tried(wrong), [true, false]);
  });
