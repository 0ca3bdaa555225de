import test from 'ava';
import { allowed, denied } from './assert.ts';
import { must, Production } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, images, pod, template, workload } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

type Containers = readonly Json[];
interface PodSpec {
  readonly [field: string]: unknown;
  readonly containers: Containers;
  readonly volumes: readonly Json[];
}
interface PodLike {
  readonly metadata: Json;
  readonly spec: PodSpec;
}

/** What a controller sends, taken from a pod that one made. */
function asSent(live: Live, name: string): PodLike {
  const { labels, annotations, ownerReferences } = live.metadata as Json;
  // Computed by admission, which refuses to be told.
  const { priority: _, preemptionPolicy: _also, priorityClassName: _too, ...spec } = live.spec as PodSpec;
  return { metadata: { name, labels, annotations, ownerReferences }, spec };
}
const withSpec = (sent: PodLike, spec: Json): PodLike => ({ ...sent, spec: { ...sent.spec, ...spec } });
const withContainer = (sent: PodLike, change: Json): PodLike =>
  withSpec(sent, { containers: sent.spec.containers.map((c) => ({ ...c, ...change })) });
const withMeta = (sent: PodLike, change: Json): PodLike => ({ ...sent, metadata: { ...sent.metadata, ...change } });

const CHANGES: readonly (readonly [what: string, differs: RegExp, change: (sent: PodLike) => PodLike])[] = [
  ['image', /containers differ/, (p) => withContainer(p, { image: images.evil })],
  ['command', /containers differ/, (p) => withContainer(p, { command: ['sh'] })],
  ['env', /containers differ/, (p) => withContainer(p, { env: [] })],
  ['envFrom', /containers differ/, (p) => withContainer(p, { envFrom: [{ secretRef: { name: 'x' } }] })],
  ['working directory', /containers differ/, (p) => withContainer(p, { workingDir: '/tmp' })],
  ['security context', /containers differ/, (p) => withContainer(p, { securityContext: { privileged: true } })],
  [
    'lifecycle',
    /containers differ/,
    (p) => withContainer(p, { lifecycle: { preStop: { exec: { command: ['id'] } } } }),
  ],
  ['pull policy', /containers differ/, (p) => withContainer(p, { imagePullPolicy: 'Never' })],
  ['no mounts', /containers differ/, (p) => withContainer(p, { volumeMounts: [] })],
  ['limits', /containers differ/, (p) => withContainer(p, { resources: { limits: { cpu: '8', memory: '64Mi' } } })],
  [
    'a device',
    /containers differ/,
    (p) => withContainer(p, { resources: { limits: { cpu: '100m', memory: '64Mi', 'example.com/gpu': '1' } } }),
  ],
  [
    'a container beside',
    /containers differ/,
    (p) => withSpec(p, { containers: [...p.spec.containers, { name: 'x', image: images.evil }] }),
  ],
  [
    'an init container',
    /init containers differ/,
    (p) => withSpec(p, { initContainers: [{ name: 'x', image: images.evil }] }),
  ],
  [
    'a volume beside',
    /volumes differ/,
    (p) => withSpec(p, { volumes: [...p.spec.volumes, { name: 'x', emptyDir: {} }] }),
  ],
  [
    'another volume of that name',
    /volumes differ/,
    (p) =>
      withSpec(p, {
        volumes: p.spec.volumes.map((v) => (v['name'] === 'config' ? { name: 'config', hostPath: { path: '/' } } : v)),
      }),
  ],
  [
    'a token volume that is none',
    /volumes differ/,
    (p) =>
      withSpec(p, {
        volumes: p.spec.volumes.map((v) =>
          String(v['name']).startsWith('kube-api-access-') ? { name: v['name'], hostPath: { path: '/' } } : v,
        ),
      }),
  ],
  [
    'a secret as token volume',
    /volumes differ/,
    (p) =>
      withSpec(p, { volumes: [...p.spec.volumes, { name: 'kube-api-access-zzzzz', secret: { secretName: 'x' } }] }),
  ],
  ['host network', /pod fields differ/, (p) => withSpec(p, { hostNetwork: true })],
  ['host PID', /pod fields differ/, (p) => withSpec(p, { hostPID: true })],
  ['host IPC', /pod fields differ/, (p) => withSpec(p, { hostIPC: true })],
  ['shared process namespace', /pod fields differ/, (p) => withSpec(p, { shareProcessNamespace: true })],
  ['pod security context', /pod fields differ/, (p) => withSpec(p, { securityContext: { runAsUser: 0 } })],
  ['node', /pod fields differ/, (p) => withSpec(p, { nodeName: 'mine' })],
  ['node selector', /pod fields differ/, (p) => withSpec(p, { nodeSelector: { mine: 'yes' } })],
  ['affinity', /pod fields differ/, (p) => withSpec(p, { affinity: { podAntiAffinity: {} } })],
  ['tolerations', /pod fields differ/, (p) => withSpec(p, { tolerations: [{ operator: 'Exists' }] })],
  ['scheduler', /pod fields differ/, (p) => withSpec(p, { schedulerName: 'mine' })],
  [
    'host aliases',
    /pod fields differ/,
    (p) => withSpec(p, { hostAliases: [{ ip: '203.0.113.9', hostnames: ['api.stripe.com'] }] }),
  ],
  ['DNS', /pod fields differ/, (p) => withSpec(p, { dnsConfig: { nameservers: ['203.0.113.9'] } })],
  ['restart policy', /pod fields differ/, (p) => withSpec(p, { restartPolicy: 'Never' })],
  ['hostname', /pod fields differ/, (p) => withSpec(p, { hostname: 'web-0' })],
  ['subdomain', /pod fields differ/, (p) => withSpec(p, { subdomain: 'web' })],
  ['service links', /pod fields differ/, (p) => withSpec(p, { enableServiceLinks: false })],
  ['scheduling gates', /pod fields differ/, (p) => withSpec(p, { schedulingGates: [{ name: 'example.com/wait' }] })],
  [
    'readiness gates',
    /pod fields differ/,
    (p) => withSpec(p, { readinessGates: [{ conditionType: 'example.com/open' }] }),
  ],
  ['deadline', /pod fields differ/, (p) => withSpec(p, { activeDeadlineSeconds: 1 })],
  ['a label beside', /labels differ/, (p) => withMeta(p, { labels: { ...(p.metadata['labels'] as Json), app2: 'x' } })],
  ['another label', /labels differ/, (p) => withMeta(p, { labels: { ...(p.metadata['labels'] as Json), app: 'x' } })],
  ['no labels', /labels differ/, (p) => withMeta(p, { labels: {} })],
  ['an annotation', /annotations differ/, (p) => withMeta(p, { annotations: { 'k8s.v1.cni.cncf.io/networks': 'x' } })],
];

test('denied: a pod that differs from the approved template in one field, even from a controller', async (t) => {
  const shop = await Production.open(stage, 'one-field');
  const [live] = await shop.pods(1);
  const path = `${shop.core('pods')}?dryRun=All`;
  const sent = asSent(live as Live, 'web-again');
  allowed(t, await stage.manager('POST', path, sent));
  for (const [what, differs, change] of CHANGES) {
    denied(t, await stage.manager('POST', path, change(sent)), 'pods', differs, what);
  }
});

test('denied: a bare pod of approved content, by an agent or as a controller by impersonation', async (t) => {
  const shop = await Production.open(stage, 'bare');
  const path = `${shop.core('pods')}?dryRun=All`;
  const again = pod('web-again');
  denied(t, await stage.agent('POST', path, again), 'pods', /not made by a Deployment/);
  const headers = { 'impersonate-user': 'system:serviceaccount:kube-system:replicaset-controller' };
  denied(t, await stage.agent('POST', path, again, { headers }), 'pods', /not made by a Deployment/);
  denied(t, await stage.agent('POST', path, pod('evil', { hostNetwork: true })), 'pods', /pod fields differ/);
  allowed(t, await stage.manager('POST', path, again));
});

test('denied: pods of a Job and a ReplicationController that were there before', async (t) => {
  const name = 'batch';
  const job = { metadata: { name: 'job' }, spec: { template: template('web', { restartPolicy: 'Never' }) } };
  const labels = { app: 'web', rc: 'x' };
  const rc = {
    metadata: { name: 'rc' },
    spec: { replicas: 1, selector: labels, template: { ...template('web'), metadata: { labels } } },
  };
  await must(stage.admin('POST', '/api/v1/namespaces', { metadata: { name } }));
  await must(stage.admin('POST', `/apis/batch/v1/namespaces/${name}/jobs`, job));
  await must(stage.admin('POST', `/api/v1/namespaces/${name}/replicationcontrollers`, rc));
  const shop = await Production.open(stage, name);
  const [web] = await shop.pods(1, 'app=web,pod-template-hash');
  await shop.pods(1, 'job-name=job');
  await shop.pods(1, 'rc=x');
  allowed(t, await stage.agent('DELETE', shop.core('pods')));
  await shop.refusal('job', /twinlock-pods/);
  await shop.refusal('rc', /twinlock-pods/);
  const [again, ...others] = await shop.pods(1);
  t.not(again?.metadata.uid, web?.metadata.uid);
  t.deepEqual(others, [], 'only the Deployment has a pod');
});

test('allowed: a sidecar that the target names, with its image; denied: another image under its name', async (t) => {
  const injected = [{ container: 'istio-proxy', imagePrefix: 'registry.example/istio/proxyv2' }];
  const shop = await Production.open(stage, 'mesh', [deployment('web')], { entry: { injected } });
  const path = `${shop.core('pods')}?dryRun=All`;
  const own = template('web')['spec'] as PodSpec;
  const beside = (container: Json, volumes: readonly Json[] = []): Json =>
    pod('meshed', { containers: [...own.containers, container], volumes: [...own.volumes, ...volumes] });
  const proxy = {
    name: 'istio-proxy',
    image: `${injected[0]?.imagePrefix}:1.29`,
    volumeMounts: [{ name: 'envoy', mountPath: '/etc/envoy' }],
  };
  allowed(t, await stage.manager('POST', path, beside(proxy, [{ name: 'envoy', emptyDir: {} }])));
  denied(
    t,
    await stage.manager('POST', path, beside({ ...proxy, image: images.evil }, [{ name: 'envoy', emptyDir: {} }])),
    'pods',
    /containers differ/,
  );
  denied(
    t,
    await stage.manager(
      'POST',
      path,
      beside({ ...proxy, image: 'registry.example/istio/proxyv2-evil:1' }, [{ name: 'envoy', emptyDir: {} }]),
    ),
    'pods',
    /containers differ/,
  );
  denied(
    t,
    await stage.manager(
      'POST',
      path,
      beside({ ...proxy, securityContext: { privileged: true } }, [{ name: 'envoy', emptyDir: {} }]),
    ),
    'pods',
    /containers differ/,
  );
  denied(
    t,
    await stage.manager('POST', path, beside(proxy, [{ name: 'envoy', hostPath: { path: '/' } }])),
    'pods',
    /volumes differ/,
  );
  denied(
    t,
    await stage.manager(
      'POST',
      path,
      pod('renamed', { containers: [proxy], volumes: [...own.volumes, { name: 'envoy', emptyDir: {} }] }),
    ),
    'pods',
    /containers differ/,
  );
});

test('allowed: what Kubernetes adds (limit range, pull secrets, default priority, restart)', async (t) => {
  const name = 'additions';
  await stage.cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'defaults', namespace: name },
      spec: { limits: [{ type: 'Container', default: { cpu: '200m', 'ephemeral-storage': '1Gi' } }] },
    },
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'pulls', namespace: name },
      imagePullSecrets: [{ name: 'registry' }],
    },
  ]);
  const bare = { containers: [{ name: 'web', image: images.first }], serviceAccountName: 'pulls' };
  const shop = await Production.open(stage, name, [
    deployment('web', { template: template('web', { ...bare, volumes: [] }) }),
  ]);
  const [made] = await shop.pods(1);
  t.like(made?.spec, { imagePullSecrets: [{ name: 'registry' }], enableServiceLinks: true });
  const restarted = await stage.cluster.kubectl(['-n', name, 'rollout', 'restart', 'deployment/web'], {
    as: stage.files.agent,
  });
  t.is(restarted.code, 0);
  const pods = await shop.pods(2);
  t.true(pods.some((one) => JSON.stringify(one.metadata['annotations']).includes('restartedAt')));
  t.true(pods.every((one) => JSON.stringify(one.spec).includes('ephemeral-storage')));
});

test('allowed: pods of a StatefulSet with claims and of a DaemonSet on its nodes', async (t) => {
  await stage.cluster.apply([
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', labels: { 'kubernetes.io/hostname': 'node-1' } } },
  ]);
  const claims = [
    {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  ];
  const stateful = workload('StatefulSet', 'db', { volumeClaimTemplates: claims, replicas: 1 });
  const shop = await Production.open(stage, 'sets', [stateful, workload('DaemonSet', 'agent')]);
  const [db] = await shop.again('app=db');
  t.like(db?.spec, { hostname: 'db-0', subdomain: 'db' });
  const [agent] = await shop.again('app=agent');
  t.true(JSON.stringify(agent?.spec).includes('matchFields'));
  const path = `${shop.core('pods')}?dryRun=All`;
  const sent = asSent(db as Live, 'db-1');
  denied(t, await stage.manager('POST', path, sent), 'pods', /pod fields differ/);
  const own = withSpec(sent, { hostname: 'db-1' });
  denied(t, await stage.manager('POST', path, own), 'pods', /volumes differ/);
  const claim = { name: 'data', persistentVolumeClaim: { claimName: 'data-db-1' } };
  allowed(
    t,
    await stage.manager(
      'POST',
      path,
      withSpec(own, { volumes: own.spec.volumes.map((v) => (v['name'] === 'data' ? claim : v)) }),
    ),
  );
});

test('allowed: pods of templates that use what Kubernetes completes on pods only', async (t) => {
  await stage.cluster.apply([
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-2' } },
    {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'usual' },
      value: 1000,
      globalDefault: true,
    },
    {
      apiVersion: 'node.k8s.io/v1',
      kind: 'RuntimeClass',
      metadata: { name: 'sandboxed' },
      handler: 'sandboxed',
      overhead: { podFixed: { memory: '32Mi' } },
      scheduling: { nodeSelector: { sandbox: 'yes' }, tolerations: [{ key: 'sandbox', operator: 'Exists' }] },
    },
  ]);
  const selector = { matchLabels: { app: 'x' } };
  const term = {
    topologyKey: 'kubernetes.io/hostname',
    labelSelector: selector,
    matchLabelKeys: ['pod-template-hash'],
  };
  const [container] = (template('x')['spec'] as PodSpec).containers;
  const kinds: Readonly<Record<string, Json>> = {
    spread: {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: selector,
          matchLabelKeys: ['pod-template-hash'],
        },
      ],
    },
    apart: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
    rather: {
      affinity: {
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }] },
      },
    },
    sandboxed: {
      runtimeClassName: 'sandboxed',
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'own', operator: 'Exists' }],
    },
    hostly: { hostNetwork: true },
    whole: { resources: { limits: { cpu: '1', memory: '1Gi' } } },
    sidecars: {
      initContainers: [
        { name: 'first', image: images.first },
        { name: 'beside', image: images.first, restartPolicy: 'Always', startupProbe: { grpc: { port: 9090 } } },
      ],
    },
    volumes: {
      volumes: [
        {
          name: 'config',
          projected: { sources: [{ serviceAccountToken: { path: 'vault' } }, { secret: { name: 'x' } }] },
        },
        {
          name: 'scratch',
          ephemeral: {
            volumeClaimTemplate: {
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          },
        },
      ],
    },
    secure: {
      securityContext: { runAsNonRoot: true, fsGroup: 1 },
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 5,
    },
    halves: {
      containers: [{ ...container, resources: { limits: { cpu: '0.5', memory: '0.5Gi' }, requests: { cpu: '0.1' } } }],
    },
  };
  const workloads = Object.entries(kinds).map(([name, spec]) => deployment(name, { template: template(name, spec) }));
  const onHosts = workload('DaemonSet', 'hosts', {
    template: template('hosts', { hostNetwork: true, affinity: { podAffinity: {} } }),
  });
  const shop = await Production.open(stage, 'zoo', [...workloads, onHosts]);
  for (const name of [...Object.keys(kinds), 'hosts']) {
    const again = await shop.again(`app=${name}`);
    t.true(again.length > 0, name);
  }
});

test("allowed: Fallback's pod comes back in mid-rollout; denied: one of a version before", async (t) => {
  const shop = await Production.open(stage, 'evicted');
  const live = await shop.read(shop.apps('Deployment', 'web'));
  const [old] = await shop.pods(1);
  const next = {
    ...live.spec,
    template: template('web', { containers: [{ name: 'web', image: images.second }], volumes: [] }),
  };
  await shop.approve([
    { kind: 'Deployment', name: 'web', role: 'Current', spec: next },
    { kind: 'Deployment', name: 'web', role: 'Fallback', spec: live.spec },
  ]);
  const path = `${shop.core('pods')}?dryRun=All`;
  allowed(t, await stage.manager('POST', path, asSent(old as Live, 'evicted')));
  const third = {
    ...live.spec,
    template: template('web', { containers: [{ name: 'web', image: images.third }], volumes: [] }),
  };
  await shop.approve([
    { kind: 'Deployment', name: 'web', role: 'Current', spec: third },
    { kind: 'Deployment', name: 'web', role: 'Fallback', spec: next },
  ]);
  await shop.until(
    'the new lock is seen',
    async () => (await stage.manager('POST', path, asSent(old as Live, 'evicted'))).status === 403,
  );
  denied(t, await stage.manager('POST', path, asSent(old as Live, 'evicted')), 'pods');
});

const restart = (at: string): Json => ({
  spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': at } } } },
});

test('allowed: a restart, a promotion whose approved content has the mark of the restart, and a restart again', async (t) => {
  const shop = await Production.open(stage, 'restarts');
  const path = shop.apps('Deployment', 'web');
  const [before] = await shop.pods(1);
  allowed(t, await stage.agent('PATCH', path, restart('2026-11-21T08:00:00Z')));
  const live = await shop.read(path);
  // As it is sent, with the mark: the controller's own entries have it taken out, a lock of an older one need not.
  const [entry] = (await shop.read(shop.own('workloadlocks', 'lock'))).spec['approved'] as readonly Json[];
  await shop.relock({ approved: [{ ...entry, spec: live.spec }] });
  // A template's stripped of the mark, as a promotion applies it, and one with another: both are this content.
  const bare = asSent(before as Live, 'promoted');
  const at = (time: string): PodLike => withMeta(bare, { annotations: { 'kubectl.kubernetes.io/restartedAt': time } });
  const pods = `${shop.core('pods')}?dryRun=All`;
  allowed(t, await stage.manager('POST', pods, bare));
  allowed(t, await stage.manager('POST', pods, at('2026-11-21T09:00:00Z')));
  denied(t, await stage.manager('POST', pods, withMeta(bare, { annotations: { other: 'x' } })), 'pods', /annotations/);
  allowed(t, await stage.agent('PATCH', path, restart('2026-11-21T10:00:00Z')));
  await shop.until('the pod of the second restart is there', async () =>
    (await shop.pods(1)).some((one) => JSON.stringify(one.metadata['annotations'] ?? {}).includes('T10:00:00Z')),
  );
});
