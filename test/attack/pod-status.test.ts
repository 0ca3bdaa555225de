import test from 'ava';
import { allowed, denied, deniedCommand } from './assert.ts';
import { Node, serving, type Pod } from './node.ts';
import { Production, type LockOptions } from '../stage/production.ts';
import { openAttack, type Send, type Stage } from '../stage/attack.ts';
import { deployment, template } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
let node: Node;
test.before(async () => {
  stage = await openAttack();
  node = await Node.open(stage, 'node-1');
  await stage.cluster.apply(plugins());
});
test.after.always(async () => {
  await stage?.stop();
});

/** Of two rules that refuse, the API server answers with either. */
const EITHER = 'pods-live|pod-writers';
const merge = { contentType: 'application/merge-patch+json' };
const strategic = { contentType: 'application/strategic-merge-patch+json' };
const apply = { contentType: 'application/apply-patch+yaml' };
const account = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;

/** Network plugins and a load balancer's controller by the names and the rights that they are installed with. */
const PLUGINS = [
  ['kube-system', 'calico-cni-plugin'],
  ['kube-system', 'multus'],
  ['ovn-kubernetes', 'ovnkube-cluster-manager'],
  ['kube-system', 'aws-load-balancer-controller'],
] as const;
const GATE = 'target-health.elbv2.k8s.aws/k8s-shop-web-0123456789';

function plugins(): readonly object[] {
  const rules = [{ apiGroups: [''], resources: ['pods', 'pods/status'], verbs: ['get', 'update', 'patch'] }];
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ovn-kubernetes' } },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'network-plugin' }, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'network-plugin' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'network-plugin' },
      subjects: [
        ...PLUGINS.map(([namespace, name]) => ({ kind: 'ServiceAccount', namespace, name })),
        ...['system:ovn-node:node-1', 'system:ovn-nodes:evil'].map((name) => ({
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'User',
          name,
        })),
      ],
    },
    ...PLUGINS.map(([namespace, name]) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace, name },
    })),
  ];
}

const WRITERS = [
  { user: account('kube-system', 'calico-cni-plugin'), annotations: ['cni.projectcalico.org/*'] },
  {
    user: account('kube-system', 'multus'),
    annotations: ['k8s.v1.cni.cncf.io/network-status', 'k8s.v1.cni.cncf.io/networks-status'],
  },
  { user: account('ovn-kubernetes', 'ovnkube-cluster-manager'), annotations: ['k8s.ovn.org/*'] },
  { user: 'system:ovn-node:*', annotations: ['k8s.ovn.org/*'] },
  {
    user: account('kube-system', 'aws-load-balancer-controller'),
    conditions: ['target-health.elbv2.k8s.aws/*'],
  },
];

interface Running {
  readonly shop: Production;
  readonly pod: Pod;
  readonly path: string;
  readonly status: string;
}

async function running(
  name: string,
  options: LockOptions = {},
  changes: Json = {},
  metadata: Json = {},
): Promise<Running> {
  const made = template('web', changes) as { readonly metadata: Json };
  const web = deployment('web', { template: { ...made, metadata: { ...made.metadata, ...metadata } } });
  const shop = await Production.open(stage, name, [web], options);
  const [first] = await shop.pods(1);
  if (first === undefined) throw new Error('no pod');
  const pod = await node.run(shop, first);
  const path = shop.core('pods', pod.metadata.name);
  return { shop, pod, path, status: `${path}/status` };
}

const condition = (type: string, status: string): Json => ({ status: { conditions: [{ type, status }] } });
const ready = (status: string): Json => condition('Ready', status);
const healthy = (type: string): Json => condition(type, 'True');

test('denied: a forged address, phase or readiness of a pod, by every door to its status', async (t) => {
  const { shop, pod, path, status } = await running('forged');
  const forged: Readonly<Record<string, Json>> = {
    'an address': { podIP: '10.9.9.9', podIPs: [{ ip: '10.9.9.9' }] },
    'one more address': { podIPs: [{ ip: '10.1.0.1' }, { ip: 'fd00::9' }] },
    'no address': { podIP: null, podIPs: null },
    "the node's address": { hostIP: '192.0.2.9', hostIPs: [{ ip: '192.0.2.9' }] },
    'the end': { phase: 'Succeeded' },
    'no start': { startTime: null },
    'a container that is ready': {
      containerStatuses: [{ ...containerOf(pod), ready: false }],
    },
    'a container that restarted': { containerStatuses: [{ ...containerOf(pod), restartCount: 7 }] },
    'no containers': { containerStatuses: null },
    'a reason': { reason: 'Evicted', message: 'by nobody' },
  };
  for (const [what, change] of Object.entries(forged)) {
    denied(t, await stage.wildcard('PATCH', status, { status: change }, merge), EITHER, /from its kubelet/, what);
  }
  for (const type of ['Ready', 'ContainersReady', 'PodScheduled', 'DisruptionTarget', 'PodReadyToStartContainers']) {
    const change = condition(type, type === 'DisruptionTarget' ? 'True' : 'False');
    denied(t, await stage.wildcard('PATCH', status, change, strategic), EITHER, undefined, type);
  }
  denied(t, await stage.wildcard('PATCH', status, { status: { conditions: [] } }, merge), EITHER);
  denied(t, await stage.admin('PATCH', status, ready('False'), strategic), EITHER, undefined, 'cluster-admin');
  const whole = { ...pod, status: { ...pod.status, podIP: '10.9.9.9', podIPs: [{ ip: '10.9.9.9' }] } };
  denied(t, await stage.wildcard('PUT', status, whole), EITHER);
  const applied = { apiVersion: 'v1', kind: 'Pod', metadata: { name: pod.metadata.name }, ...ready('False') };
  denied(t, await stage.wildcard('PATCH', `${status}?fieldManager=x&force=true`, applied, apply), EITHER);
  // A change of status by the pod itself is no change at all.
  allowed(t, await stage.agent('PATCH', path, { status: { podIP: '10.9.9.9' } }));
  t.is((await node.read(shop, pod.metadata.name)).status['podIP'], '10.1.0.1');
});

function containerOf(pod: Pod): Json {
  const [first = {}] = pod.status['containerStatuses'] as readonly Json[];
  return first;
}

test('allowed: what its kubelet reports; denied: another kubelet', async (t) => {
  const { shop, pod, status } = await running('reported');
  allowed(t, await node.send('PATCH', status, ready('False')));
  allowed(t, await node.send('PATCH', status, { status: serving(pod, '10.1.0.2') }, merge));
  t.is((await node.read(shop, pod.metadata.name)).status['podIP'], '10.1.0.2');
  const other = await Node.open(stage, 'node-2');
  const refused = await other.send('PATCH', status, ready('False'));
  t.is(refused.status, 403, 'NodeRestriction');
});

test("allowed: Kubernetes' own controllers write what is theirs; denied: the same of others, and theirs by others", async (t) => {
  const { status } = await running('controllers');
  const as = async (name: string): Promise<Send> => stage.withToken('kube-system', name);
  const scheduler = await stage.cluster.persona('system:kube-scheduler');
  const schedule = (body: Json) => stage.cluster.request('PATCH', status, { ...strategic, body, as: scheduler });
  allowed(t, await schedule(condition('PodScheduled', 'False')));
  allowed(t, await schedule(condition('DisruptionTarget', 'True')));
  allowed(t, await node.send('PATCH', status, ready('False')));
  denied(t, await schedule(ready('True')), EITHER, undefined, 'the scheduler makes nothing ready');
  const lifecycle = await as('node-controller');
  denied(t, await lifecycle('PATCH', status, { status: { phase: 'Failed' } }, merge), EITHER);
  denied(t, await lifecycle('PATCH', status, condition('ContainersReady', 'False'), strategic), EITHER);
  denied(t, await lifecycle('PATCH', status, ready('True'), strategic), EITHER);
  allowed(t, await node.send('PATCH', status, ready('True')));
  allowed(t, await lifecycle('PATCH', status, ready('False'), strategic));
  denied(t, await lifecycle('PATCH', status, ready('True'), strategic), EITHER, undefined, 'ready again');
  allowed(t, await lifecycle('PATCH', status, condition('DisruptionTarget', 'True'), strategic));
  denied(
    t,
    await lifecycle('PATCH', status, { metadata: { annotations: { a: 'b' } } }, merge),
    'pod-writers',
    /node-controller may not write/,
  );
  const disruption = await as('disruption-controller');
  allowed(t, await disruption('PATCH', status, condition('DisruptionTarget', 'False'), strategic));
  for (const name of ['replicaset-controller', 'generic-garbage-collector', 'namespace-controller']) {
    const controller = await as(name);
    const answer = await controller('PATCH', status, ready('Unknown'), strategic);
    t.is(answer.status, 403, `${name} has no right, or no rule lets it`);
  }
  const headers = { 'impersonate-user': account('kube-system', 'node-controller') };
  allowed(t, await node.send('PATCH', status, ready('True')));
  denied(t, await stage.agent('PATCH', status, ready('False'), { ...strategic, headers }), EITHER);
  allowed(t, await stage.manager('PATCH', status, ready('False'), strategic));
  denied(t, await stage.manager('PATCH', status, { status: { podIP: '10.9.9.9' } }, merge), EITHER);
});

test('allowed: the scheduler says where a pod may go; denied: anybody else', async (t) => {
  const shop = await Production.open(stage, 'nominated');
  const [pod] = await shop.pods(1);
  const path = `${shop.core('pods', pod?.metadata.name)}/status`;
  const nominated = { status: { nominatedNodeName: 'node-2' } };
  denied(t, await stage.wildcard('PATCH', path, nominated, merge), EITHER);
  const scheduler = await stage.cluster.persona('system:kube-scheduler');
  allowed(t, await stage.cluster.request('PATCH', path, { ...merge, body: nominated, as: scheduler }));
});

test('allowed: the node lifecycle controller writes the whole pod back with Ready=False, as it does', async (t) => {
  const { pod, status } = await running('lost');
  const lifecycle = await stage.withToken('kube-system', 'node-controller');
  const conditions = (pod.status['conditions'] as readonly Json[]).map((c) =>
    c['type'] === 'Ready' ? { ...c, status: 'False', lastTransitionTime: '2026-11-27T08:00:00Z' } : c,
  );
  allowed(t, await lifecycle('PUT', status, { ...pod, status: { ...pod.status, conditions } }));
});

test('allowed: what Calico, Multus and OVN write into pods; denied: by accounts that nobody named, and other annotations', async (t) => {
  const place = await running('networks', { podWriters: WRITERS });
  const strict = await running('strict');
  const calico = await stage.withToken('kube-system', 'calico-cni-plugin');
  const added = {
    metadata: {
      uid: place.pod.metadata.uid,
      annotations: {
        'cni.projectcalico.org/containerID': '1'.repeat(64),
        'cni.projectcalico.org/podIP': '10.1.0.1/32',
        'cni.projectcalico.org/podIPs': '10.1.0.1/32',
      },
    },
  };
  const removed = {
    metadata: { annotations: { 'cni.projectcalico.org/podIP': '', 'cni.projectcalico.org/podIPs': '' } },
  };
  allowed(t, await calico('PATCH', place.status, added, strategic));
  allowed(t, await calico('PATCH', place.status, removed, strategic));
  const here = { metadata: { annotations: added.metadata.annotations } };
  denied(t, await calico('PATCH', strict.status, here, strategic), 'pod-writers', /calico-cni-plugin may not write/);
  denied(
    t,
    await calico('PATCH', place.status, { metadata: { annotations: { 'a/b': 'c' } } }, strategic),
    'pod-writers',
  );
  denied(t, await calico('PATCH', place.status, { status: { podIP: '10.9.9.9' } }, merge), 'pods-live|pod-writers');

  const multus = await stage.withToken('kube-system', 'multus');
  const network = JSON.stringify([{ name: 'cbr0', interface: 'eth0', ips: ['10.1.0.1'], default: true, dns: {} }]);
  const before = await node.read(place.shop, place.pod.metadata.name);
  const known = asOldClient(before, { 'k8s.v1.cni.cncf.io/network-status': network });
  allowed(t, await multus('PUT', place.status, known));
  denied(
    t,
    await multus('PUT', strict.status, asOldClient(await node.read(strict.shop, strict.pod.metadata.name), { a: 'b' })),
    'pod-writers',
  );
  const chosen = { metadata: { annotations: { 'k8s.v1.cni.cncf.io/networks': 'other' } } };
  denied(
    t,
    await multus('PATCH', place.status, chosen, merge),
    'pod-writers|pods-live',
    undefined,
    'which networks is content',
  );

  const manager = await stage.withToken('ovn-kubernetes', 'ovnkube-cluster-manager');
  const ovnNode = await stage.cluster.persona('system:ovn-node:node-1', { groups: ['system:ovn-nodes'] });
  const pods = {
    metadata: { annotations: { 'k8s.ovn.org/pod-networks': '{"default":{"ip_addresses":["10.1.0.1/24"]}}' } },
  };
  const byNode = (path: string, body: Json) => stage.cluster.request('PATCH', path, { ...merge, body, as: ovnNode });
  allowed(t, await manager('PATCH', place.status, pods, merge));
  allowed(t, await byNode(place.status, { metadata: { annotations: { 'k8s.ovn.org/pod-networks': null } } }));
  denied(t, await manager('PATCH', strict.status, pods, merge), 'pod-writers|pods-live');
  const evil = await stage.cluster.persona('system:ovn-nodes:evil');
  denied(
    t,
    await stage.cluster.request('PATCH', place.status, { ...merge, body: pods, as: evil }),
    'pod-writers',
    undefined,
    'only almost the start of a name',
  );
  t.is((await node.read(place.shop, place.pod.metadata.name)).status['podIP'], '10.1.0.1');
});

/** The pod as a client of Kubernetes 1.29 writes it back whole (Multus 4 does): what it does not know is left out. */
function asOldClient(pod: Pod, annotations: Json): Json {
  const { hostIPs: _, ...status } = pod.status;
  const containerStatuses = (status['containerStatuses'] as readonly Json[]).map(({ user: _user, ...known }) => known);
  const conditions = (status['conditions'] as readonly Json[]).map(({ observedGeneration: _g, ...known }) => known);
  const old = pod.metadata['annotations'] as Json | undefined;
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations: { ...old, ...annotations } },
    status: { ...status, observedGeneration: undefined, containerStatuses, conditions },
  };
}

test('allowed: a load balancer says that it reaches the pod, where the pod waits for that; denied: elsewhere', async (t) => {
  const gates = { readinessGates: [{ conditionType: GATE }, { conditionType: 'example.com/other' }] };
  const place = await running('gated', { podWriters: WRITERS }, gates);
  const strict = await running('gated-strict', {}, gates);
  const ungated = await running('ungated', { podWriters: WRITERS });
  const controller = await stage.withToken('kube-system', 'aws-load-balancer-controller');
  allowed(t, await controller('PATCH', place.status, healthy(GATE), strategic));
  denied(t, await controller('PATCH', place.status, healthy('example.com/other'), strategic), 'pod-writers|pods-live');
  denied(t, await controller('PATCH', place.status, ready('False'), strategic), EITHER);
  denied(
    t,
    await controller('PATCH', strict.status, healthy(GATE), strategic),
    'pod-writers|pods-live',
    /from its kubelet/,
  );
  denied(
    t,
    await controller('PATCH', ungated.status, healthy(GATE), strategic),
    'pods-live|pod-writers',
    /from its kubelet/,
  );
  denied(t, await stage.wildcard('PATCH', place.status, condition(GATE, 'False'), strategic), 'pod-writers|pods-live');
});

const reads = (fieldPath: string): Json => ({ path: 'file', fieldRef: { fieldPath } });

test('denied: annotations that the pod reads of itself, as variables and files, even by a named writer and its kubelet', async (t) => {
  const env = [{ name: 'MODE', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['example.com/mode']" } } }];
  const container = { name: 'web', image: 'registry.example/web@sha256:' + 'a'.repeat(64), env };
  const one = "metadata.annotations['example.com/file']";
  const ways: Readonly<Record<string, readonly [string, Json]>> = {
    variable: ['example.com/mode', { containers: [container] }],
    init: ['example.com/mode', { initContainers: [{ ...container, name: 'init' }] }],
    file: ['example.com/file', { volumes: [{ name: 'config', downwardAPI: { items: [reads(one)] } }] }],
    projected: [
      'example.com/file',
      { volumes: [{ name: 'config', projected: { sources: [{ downwardAPI: { items: [reads(one)] } }] } }] },
    ],
    all: [
      'example.com/any',
      { volumes: [{ name: 'config', downwardAPI: { items: [reads('metadata.annotations')] } }] },
    ],
  };
  const podWriters = [{ user: 'wildcard', annotations: ['example.com/*'] }];
  for (const [what, [annotation, changes]] of Object.entries(ways)) {
    const place = await running(`reads-${what}`, { podWriters }, changes, {
      annotations: { 'example.com/mode': 'live' },
    });
    for (const value of ['debug', null]) {
      if (value === null && annotation !== 'example.com/mode') continue;
      const change = { metadata: { annotations: { [annotation]: value } } };
      denied(t, await stage.wildcard('PATCH', place.path, change), 'pods-live', /downward API/, what);
      denied(t, await stage.wildcard('PATCH', place.status, change, merge), 'pods-live', /downward API/, what);
      denied(t, await node.send('PATCH', place.status, change, merge), 'pods-live', /downward API/, `${what}: kubelet`);
    }
    const other = await stage.wildcard('PATCH', place.path, { metadata: { annotations: { 'example.com/note': 'x' } } });
    if (what === 'all') denied(t, other, 'pods-live', /downward API/, what);
    else allowed(t, other);
  }
});

test('denied: annotations of running pods by people, a deletion cost too; allowed: by the writer that the target names', async (t) => {
  const cost = { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-100' } } };
  const strict = await running('annotated');
  const place = await running('annotated-by-name', {
    podWriters: [{ user: 'wildcard', annotations: ['controller.kubernetes.io/pod-deletion-cost'] }],
  });
  denied(t, await stage.agent('PATCH', strict.path, cost), 'pod-writers', /agent may not write/);
  denied(t, await stage.wildcard('PATCH', strict.path, cost), 'pod-writers');
  denied(t, await stage.agent('PATCH', place.path, cost), 'pod-writers');
  allowed(t, await stage.wildcard('PATCH', place.path, cost));
  const kubectl = await stage.cluster.kubectl(
    ['-n', strict.shop.namespace, 'annotate', 'pod', strict.pod.metadata.name, 'note=seen'],
    { as: stage.files.agent, check: false },
  );
  deniedCommand(t, kubectl, 'pod-writers', /podWriters/);
  allowed(t, await stage.agent('PATCH', strict.path, { metadata: { annotations: null } }));
});

test('denied: annotations that come with the node; allowed: the binding that the scheduler sends', async (t) => {
  const shop = await Production.open(stage, 'bound');
  const [pod] = await shop.pods(1);
  const name = pod?.metadata.name ?? '';
  const binding = (metadata: Json): Json => ({
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, ...metadata },
    target: { kind: 'Node', name: 'node-1' },
  });
  const evil = binding({ annotations: { 'example.com/mode': 'debug' } });
  denied(t, await stage.wildcard('POST', `${shop.core('pods', name)}/binding`, evil), 'pods-live', /with its node/);
  denied(t, await stage.wildcard('POST', shop.core('bindings'), evil), 'pods-live', /with its node/);
  allowed(t, await stage.wildcard('POST', `${shop.core('pods', name)}/binding`, binding({})));
});

test('allowed: a rolling update, with the real controllers and a kubelet, from the first to the last pod', async (t) => {
  const shop = await Production.open(stage, 'rolling', [deployment('web', { replicas: 3 })]);
  const path = shop.apps('Deployment', 'web');
  const available = async (image: string): Promise<boolean> => {
    const { spec, status } = (await shop.read(path)) as unknown as { spec: Json; status: Json };
    const [{ image: live } = { image: '' }] = (spec['template'] as { spec: { containers: { image: string }[] } }).spec
      .containers;
    const pods = await shop.list(shop.core('pods'));
    return live === image && status['updatedReplicas'] === 3 && status['availableReplicas'] === 3 && pods.length === 3;
  };
  const before = await shop.read(path);
  const first = 'registry.example/web@sha256:' + 'a'.repeat(64);
  const second = 'registry.example/web@sha256:' + 'b'.repeat(64);
  await node.workUntil('three pods serve', shop, () => available(first));
  const next = structuredClone(before.spec) as { template: { spec: { containers: { image: string }[] } } };
  for (const container of next.template.spec.containers) container.image = second;
  await shop.approve([
    { kind: 'Deployment', name: 'web', role: 'Current', spec: next },
    { kind: 'Deployment', name: 'web', role: 'Fallback', spec: before.spec },
  ]);
  await shop.until('the new content is let in', async () => {
    const answer = await stage.agent('PATCH', path, { spec: { template: next.template } });
    return answer.status === 200;
  });
  await node.workUntil('three new pods serve and no old one is there', shop, () => available(second));
  const pods = (await shop.list(shop.core('pods'))) as unknown as readonly { readonly spec: { containers: Json[] } }[];
  t.deepEqual(
    pods.map(({ spec }) => spec.containers[0]?.['image']),
    [second, second, second],
  );
});
