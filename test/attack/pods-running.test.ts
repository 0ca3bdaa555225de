/** Pods that run, as a real API server stores them: what Kubernetes set after their creation is no difference. */
import test from 'ava';
import { livePodDifference, podDifference } from '../../operator/admission/index.ts';
import { isNewest, waitFor } from '../harness/index.ts';
import { must } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, images, namespace, template, workload } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

const name = 'running';
const core = (path: string): string => `/api/v1/namespaces/${name}/${path}`;
const merge = { contentType: 'application/strategic-merge-patch+json' };

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
  const labels = { 'topology.kubernetes.io/zone': 'z1', 'topology.kubernetes.io/region': 'r1' };
  await stage.cluster.apply([
    namespace(name),
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-1', labels: { ...labels, 'kubernetes.io/hostname': 'n1' } },
    },
  ]);
  const amounts = { cpu: '8', memory: '16Gi', pods: '100' };
  const status = { capacity: amounts, allocatable: amounts };
  await must(stage.admin('PATCH', '/api/v1/nodes/node-1/status', { status }, merge));
  await waitFor('the default service account', async () => {
    const { status } = await stage.admin('GET', core('serviceaccounts/default'));
    return status === 200;
  });
});
test.after.always(async () => {
  await stage?.stop();
});

const plurals = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const;

interface Running {
  readonly entry: Json;
  read(): Promise<Live>;
  /** Sends a change of the pod (or of a subresource) as the admin: nothing is locked here. */
  patch(body: Json, subresource?: string): Promise<Live>;
}

/** A workload's pod, bound to a node as the scheduler binds it. */
async function running(app: string, object: Json, bind = true): Promise<Running> {
  const kind = String(object['kind']) as keyof typeof plurals;
  const { spec } = await must(stage.admin('POST', `/apis/apps/v1/namespaces/${name}/${plurals[kind]}`, object));
  const pod = await waitFor(`a pod of ${app}`, async () => {
    const { body } = await stage.admin('GET', `${core('pods')}?labelSelector=app%3D${app}`);
    return (body as { readonly items: readonly Live[] }).items[0];
  });
  const at = core(`pods/${pod.metadata.name}`);
  const made = {
    entry: { kind, name: app, role: 'Current', spec },
    read: () => must(stage.admin('GET', at)),
    patch: (body: Json, subresource = '') =>
      must(stage.admin('PATCH', subresource === '' ? at : `${at}/${subresource}`, body, merge)),
  };
  if (bind) {
    const target = { apiVersion: 'v1', kind: 'Node', name: 'node-1' };
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: pod.metadata.name }, target };
    await must(stage.admin('POST', `${at}/binding`, binding));
  }
  return made;
}

const claims = [
  { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
];
const KINDS: Readonly<Record<string, Json>> = {
  web: deployment('web'),
  db: workload('StatefulSet', 'db', { volumeClaimTemplates: claims }),
  agent: workload('DaemonSet', 'agent'),
};

for (const [app, object] of Object.entries(KINDS))
  test(`a bound pod of a ${String(object['kind'])} runs what was approved, terminating or not`, async (t) => {
    const { entry, read } = await running(app, object);
    const pod = await read();
    t.is(pod.spec['nodeName'], 'node-1');
    // A plugin of the API server writes it since 1.35.
    if (isNewest) t.like(pod.metadata['labels'], { 'topology.kubernetes.io/zone': 'z1' });
    t.is(podDifference(pod, [entry]), 'pod fields differ: nodeName', 'a new pod has no node');
    t.is(livePodDifference(pod, [entry]), undefined);
    t.regex(livePodDifference(pod, [{ ...entry, spec: otherImage(entry) }]) ?? '', /containers differ: \w+ \(image\)/);
    const at = core(`pods/${pod.metadata.name}`);
    await must(stage.admin('DELETE', `${at}?gracePeriodSeconds=600`));
    const going = await read();
    t.truthy(going.metadata['deletionTimestamp']);
    t.is(livePodDifference(going, [entry]), undefined);
  });

function otherImage(entry: Json): Json {
  const text = JSON.stringify(entry['spec']).replaceAll(images.first, images.second);
  return JSON.parse(text) as Json;
}

const LATER: readonly (readonly [what: string, says: string, body: Json, subresource?: string])[] = [
  ['an image', 'containers differ: NAME (image)', { spec: { containers: [{ name: 'NAME', image: images.evil }] } }],
  ['a label', 'labels differ: tier', { metadata: { labels: { tier: 'payments' } } }],
  ['an annotation', 'annotations differ: cni.example/ip', { metadata: { annotations: { 'cni.example/ip': 'x' } } }],
  ['a toleration', 'pod fields differ: tolerations', { spec: { tolerations: [{ key: 'mine', operator: 'Exists' }] } }],
  ['a deadline', 'pod fields differ: activeDeadlineSeconds', { spec: { activeDeadlineSeconds: 9 } }],
  [
    'amounts',
    'containers differ: NAME (resources)',
    { spec: { containers: [{ name: 'NAME', resources: { limits: { cpu: '200m' }, requests: { cpu: '200m' } } }] } },
    'resize',
  ],
  [
    'a container to look into it',
    'pod fields differ: ephemeralContainers',
    { spec: { ephemeralContainers: [{ name: 'debug', image: images.evil }] } },
    'ephemeralcontainers',
  ],
];

for (const [index, [what, says, body, subresource]] of LATER.entries())
  test(`found: ${what} of a running pod, changed after its creation`, async (t) => {
    const app = `later-${index}`;
    const { entry, read, patch } = await running(app, deployment(app));
    t.is(livePodDifference(await read(), [entry]), undefined);
    await patch(JSON.parse(JSON.stringify(body).replaceAll('NAME', app)) as Json, subresource);
    t.is(livePodDifference(await read(), [entry]), says.replace('NAME', app));
  });

const rules = (...annotations: readonly string[]) => ({
  liveAccess: 'Allow' as const,
  podWriters: [{ user: 'system:serviceaccount:kube-system:cni', annotations: [...annotations] }],
});

test('what the lock lets into running pods is no difference, and only that', async (t) => {
  const { entry, read, patch } = await running('let-in', deployment('let-in'));
  await patch({ spec: { ephemeralContainers: [{ name: 'debug', image: images.evil }] } }, 'ephemeralcontainers');
  t.is(livePodDifference(await read(), [entry], { liveAccess: 'Deny' }), 'pod fields differ: ephemeralContainers');
  t.is(livePodDifference(await read(), [entry], { liveAccess: 'Allow' }), undefined);
  const written = { 'cni.projectcalico.org/podIP': '10.0.0.1/32', 'k8s.ovn.org/pod-networks': '{}' };
  await patch({ metadata: { annotations: written } });
  t.is(
    livePodDifference(await read(), [entry], rules('cni.projectcalico.org/*', 'k8s.ovn.org/pod-networks')),
    undefined,
  );
  const said = livePodDifference(await read(), [entry], rules('cni.projectcalico.org/*'));
  t.is(said, 'annotations differ: k8s.ovn.org/pod-networks');
  const resized = { containers: [{ name: 'let-in', resources: { limits: { cpu: '90m' }, requests: { cpu: '90m' } } }] };
  await patch({ spec: resized }, 'resize');
  const writers = rules('cni.projectcalico.org/*', 'k8s.ovn.org/*');
  t.is(livePodDifference(await read(), [entry], writers), 'containers differ: let-in (resources)');
  const mutations = [{ field: 'Resources' }];
  t.is(livePodDifference(await read(), [{ ...entry, mutations }], writers), undefined, 'resized in place by VPA');
});

const role = (path: string): Json => ({ name: 'ROLE', valueFrom: { fieldRef: { fieldPath: path } } });
const reads = (app: string, path: string): Json =>
  deployment(app, {
    template: template(app, { containers: [{ name: app, image: images.first, env: [role(path)] }] }),
  });

test("found: a written annotation that the template's downward API reads", async (t) => {
  const rules = { podWriters: [{ user: 'cni', annotations: ['cni.example/*'] }] };
  const pod = await running('reads-one', reads('reads-one', "metadata.annotations['cni.example/role']"));
  await pod.patch({ metadata: { annotations: { 'cni.example/ip': 'x' } } });
  t.is(livePodDifference(await pod.read(), [pod.entry], rules), undefined, 'it reads another');
  await pod.patch({ metadata: { annotations: { 'cni.example/role': 'admin' } } });
  t.is(livePodDifference(await pod.read(), [pod.entry], rules), 'annotations differ: cni.example/role');

  const items = [{ path: 'all', fieldRef: { fieldPath: 'metadata.annotations' } }];
  const spec = {
    containers: [{ name: 'web', image: images.first }],
    volumes: [{ name: 'info', downwardAPI: { items } }],
  };
  const all = await running('reads-all', deployment('reads-all', { template: template('reads-all', spec) }));
  await all.patch({ metadata: { annotations: { 'cni.example/ip': 'x' } } });
  t.is(livePodDifference(await all.read(), [all.entry], rules), 'annotations differ: cni.example/ip');
});

test('gates of scheduling go one by one, and none comes', async (t) => {
  const gates = [{ name: 'queue.example/a' }, { name: 'queue.example/b' }];
  const gated = deployment('gated', { template: template('gated', { schedulingGates: gates }) });
  const { entry, read, patch } = await running('gated', gated, false);
  t.is(livePodDifference(await read(), [entry]), undefined);
  for (const gate of gates) {
    await patch({ spec: { schedulingGates: [{ $patch: 'delete', name: gate.name }] } });
    t.is(livePodDifference(await read(), [entry]), undefined);
  }
  t.is((await read()).spec['schedulingGates'], undefined);
  const others = [{ name: 'queue.example/x' }];
  const { metadata, spec } = await read();
  t.is(
    livePodDifference({ metadata, spec: { ...spec, schedulingGates: others } }, [entry]),
    'pod fields differ: schedulingGates',
  );
  const open = JSON.parse(JSON.stringify(entry), (key, value: unknown) =>
    key === 'schedulingGates' ? undefined : value,
  ) as Json;
  t.is(
    livePodDifference({ metadata, spec: { ...spec, schedulingGates: gates } }, [open]),
    'pod fields differ: schedulingGates',
  );
});

test('a node that the template names is the only one', async (t) => {
  const named = deployment('named', { template: template('named', { nodeName: 'node-1' }) });
  const { entry, read } = await running('named', named, false);
  const { metadata, spec } = await read();
  t.is(livePodDifference({ metadata, spec }, [entry]), undefined);
  t.is(livePodDifference({ metadata, spec: { ...spec, nodeName: 'other' } }, [entry]), 'pod fields differ: nodeName');
});
