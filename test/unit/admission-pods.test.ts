/** The table of pods, evaluated here by the policy's own expressions: what differs, and what `mutations[]` let differ. */
import test from 'ava';
import { podDifference } from '../../operator/admission/index.ts';

type Json = Record<string, unknown>;
interface Pod {
  readonly metadata: { labels: Json; annotations?: Json };
  readonly spec: Json & { containers: Json[]; volumes: Json[] };
}

const template = {
  metadata: { labels: { app: 'web' } },
  spec: {
    containers: [
      {
        name: 'web',
        image: 'registry.example/web@sha256:aa',
        env: [{ name: 'MODE', value: 'live' }],
        readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 5 },
        livenessProbe: { exec: { command: ['true'] } },
        volumeMounts: [
          { name: 'config', mountPath: '/etc/app/' },
          { name: 'config', mountPath: '/run/secrets/own' },
        ],
        resources: { limits: { cpu: '1', 'example.com/gpu': '1' } },
      },
      { name: 'side', image: 'registry.example/side@sha256:bb' },
    ],
    volumes: [{ name: 'config', configMap: { name: 'config' } }],
    securityContext: { supplementalGroups: [7] },
    nodeSelector: { disk: 'ssd' },
  },
};
const entry = (mutations?: readonly Json[], also: Json = {}): Json => ({
  kind: 'Deployment',
  name: 'web',
  role: 'Current',
  spec: { selector: { matchLabels: { app: 'web' } }, template },
  ...(mutations && { mutations }),
  ...also,
});
const made = (change: (pod: Pod) => void): Pod => {
  const pod = structuredClone({ metadata: { ...template.metadata, name: 'web-1' }, spec: template.spec });
  change(pod as unknown as Pod);
  return pod as unknown as Pod;
};
const [web, side] = [0, 1].map((index) => (pod: Pod) => pod.spec.containers[index] as Json) as [
  (pod: Pod) => Json,
  (pod: Pod) => Json,
];
const push = (list: unknown, value: Json): void => void (list as Json[]).push(value);
const mount = (pod: Pod, mountPath: string, name = 'aws-token', also: Json = {}): void => {
  if (!pod.spec.volumes.some((volume) => volume['name'] === name))
    push(pod.spec.volumes, { name, projected: { sources: [{ serviceAccountToken: { audience: 'sts', path: 't' } }] } });
  push(web(pod)['volumeMounts'], { name, mountPath, ...also });
};

const env = { field: 'Env', names: ['AWS_*', 'MODE'] };
const volumes = { field: 'Volumes', names: ['aws-*', '/vault/secrets'] };

type Change = (pod: Pod) => void;
type Case = readonly [what: string, mutations: readonly Json[], change: Change];

const ALLOWED: readonly Case[] = [
  ['a variable after', [env], (p) => push(web(p)['env'], { name: 'AWS_ROLE_ARN', value: 'x' })],
  ['a variable before', [env], (p) => (web(p)['env'] as Json[]).unshift({ name: 'AWS_ROLE_ARN', value: 'x' })],
  [
    'a variable of the pod itself',
    [env],
    (p) => push(web(p)['env'], { name: 'AWS_POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
  ],
  ['variables where there was none', [env], (p) => (side(p)['env'] = [{ name: 'AWS_REGION', value: 'x' }])],
  [
    'in the named container',
    [{ ...env, container: 'side' }],
    (p) => (side(p)['env'] = [{ name: 'AWS_REGION', value: 'x' }]),
  ],
  ['a volume and its mount', [volumes], (p) => mount(p, '/var/run/secrets/aws/token')],
  ['a mount at a named path', [volumes], (p) => mount(p, '/vault/secrets')],
  [
    'a volume of all sources that reach no other data',
    [volumes],
    (p) =>
      push(p.spec.volumes, {
        name: 'aws-x',
        projected: { sources: ['clusterTrustBundle', 'configMap', 'downwardAPI'].map((kind) => ({ [kind]: {} })) },
      }),
  ],
  [
    'a rewritten probe',
    [{ field: 'Probes' }],
    (p) => (web(p)['readinessProbe'] = { httpGet: { path: '/app-health', port: 15020 }, periodSeconds: 5 }),
  ],
  [
    'other amounts',
    [{ field: 'Resources' }],
    (p) => (web(p)['resources'] = { limits: { 'example.com/gpu': '1' }, requests: { cpu: '2', memory: '1Gi' } }),
  ],
  ['a label', [{ field: 'Labels', names: ['team.example/*'] }], (p) => (p.metadata.labels['team.example/x'] = 'y')],
  [
    'an annotation',
    [{ field: 'Annotations', names: ['reloader.stakater.com/last-reloaded-from'] }],
    (p) => (p.metadata.annotations = { 'reloader.stakater.com/last-reloaded-from': 'y' }),
  ],
  [
    'a readiness gate',
    [{ field: 'ReadinessGates', names: ['target-health.elbv2.k8s.aws/*'] }],
    (p) => (p.spec['readinessGates'] = [{ conditionType: 'target-health.elbv2.k8s.aws/x' }]),
  ],
  [
    'scheduling',
    [{ field: 'Scheduling' }],
    (p) =>
      Object.assign(p.spec, {
        nodeSelector: { disk: 'hdd' },
        affinity: { podAffinity: {} },
        tolerations: [{ operator: 'Exists' }],
        schedulerName: 'mine',
        priorityClassName: 'high',
        topologySpreadConstraints: [{}],
      }),
  ],
  [
    'groups and hardening of the pod',
    [{ field: 'PodSecurityContext' }],
    (p) =>
      (p.spec['securityContext'] = {
        fsGroup: 1337,
        fsGroupChangePolicy: 'OnRootMismatch',
        supplementalGroups: [7, 8],
        seccompProfile: { type: 'RuntimeDefault' },
        runAsNonRoot: true,
      }),
  ],
  [
    'name resolution',
    [{ field: 'DNS' }],
    (p) => Object.assign(p.spec, { dnsPolicy: 'None', dnsConfig: {}, hostAliases: [{ ip: '203.0.113.1' }] }),
  ],
];

for (const [what, mutations, change] of ALLOWED)
  test(`a mutation lets through: ${what}`, (t) => {
    t.not(podDifference(made(change), [entry()]), undefined, 'without it, it differs');
    t.is(podDifference(made(change), [entry(mutations)]), undefined);
    const others = ['Env', 'Volumes', 'Labels', 'Annotations', 'ReadinessGates', 'Probes', 'Resources', 'Scheduling']
      .concat('PodSecurityContext', 'DNS')
      .filter((field) => !mutations.some((mutation) => mutation['field'] === field))
      .map((field) => ({ field, names: ['x-none'] }));
    t.not(podDifference(made(change), [entry(others)]), undefined, 'every other mutation is not enough');
  });

const DENIED: readonly (readonly [...Case, says: RegExp])[] = [
  [
    'a variable that is not named',
    [env],
    (p) => push(web(p)['env'], { name: 'LD_PRELOAD', value: 'x' }),
    /env LD_PRELOAD/,
  ],
  [
    'an approved variable with another value',
    [env],
    (p) => (web(p)['env'] = [{ name: 'MODE', value: 'test' }]),
    /env MODE/,
  ],
  [
    'a second variable of an approved name',
    [env],
    (p) => push(web(p)['env'], { name: 'MODE', value: 'x' }),
    /env MODE/,
  ],
  ['no variables', [env], (p) => (web(p)['env'] = []), /env MODE/],
  [
    'a variable from a Secret',
    [env],
    (p) => push(web(p)['env'], { name: 'AWS_X', valueFrom: { secretKeyRef: { name: 'x', key: 'y' } } }),
    /env AWS_X/,
  ],
  [
    'a variable from a kind of source that nobody knows yet',
    [env],
    (p) => push(web(p)['env'], { name: 'AWS_X', valueFrom: { hostRef: {} } }),
    /env AWS_X/,
  ],
  [
    'a variable in another container than the named one',
    [{ ...env, container: 'side' }],
    (p) => push(web(p)['env'], { name: 'AWS_X', value: 'x' }),
    /env AWS_X/,
  ],
  ['envFrom', [env], (p) => (web(p)['envFrom'] = [{ secretRef: { name: 'AWS_X' } }]), /web \(envFrom\)/],
  [
    'a volume of another name',
    [volumes],
    (p) => push(p.spec.volumes, { name: 'x', emptyDir: {} }),
    /volumes differ: x/,
  ],
  ...['hostPath', 'secret', 'csi', 'image', 'persistentVolumeClaim', 'ephemeral', 'nfs', 'later'].map(
    (kind) =>
      [
        `a volume of kind ${kind}`,
        [volumes],
        (p: Pod) => push(p.spec.volumes, { name: 'aws-x', [kind]: {} }),
        /aws-x/,
      ] as const,
  ),
  ...[
    {},
    { secret: { name: 'x' } },
    { configMap: { name: 'x' }, later: {} },
    { podCertificate: { signerName: 'kubernetes.io/kube-apiserver-client-pod' } },
    { serviceAccountToken: { path: 'token' } },
    { serviceAccountToken: { path: 'token', audience: 'https://kubernetes.default.svc' } },
  ].map(
    (source) =>
      [
        `a projected ${JSON.stringify(source)}`,
        [volumes],
        (p: Pod) => push(p.spec.volumes, { name: 'aws-x', projected: { sources: [source] } }),
        /aws-x/,
      ] as const,
  ),
  [
    'a volume in the place of an approved one',
    [{ field: 'Volumes', names: ['config'] }],
    (p) => (p.spec.volumes = [{ name: 'config', emptyDir: {} }]),
    /volumes differ: config/,
  ],
  [
    "a volume under the token's name",
    [{ field: 'Volumes', names: ['kube-*'] }],
    (p) => push(p.spec.volumes, { name: 'kube-api-access-x', configMap: { name: 'x' } }),
    /kube-api-access-x/,
  ],
  ...[
    '/app',
    '/var/run/secrets',
    '/var/run/secrets/../../../app',
    '/var/run/secrets//x',
    '/var/run/secrets/kubernetes.io',
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
    '/run/secrets/own',
    '/var/run/secrets/own',
    '/var/run/secrets/own/below',
    '/vault',
    '/vault/secrets/below',
    'vault/secrets',
  ].map((path) => [`a mount at ${path}`, [volumes], (p: Pod) => mount(p, path), /web \(volumeMounts /] as const),
  ...['/etc/app', '/etc/app/below', '/etc', '/'].map(
    (path) =>
      [
        `a mount over an approved one, ${path}, even where the path is named`,
        [{ field: 'Volumes', names: ['aws-*', '/*'] }],
        (p: Pod) => mount(p, path),
        /web \(volumeMounts /,
      ] as const,
  ),
  [
    'a mount of an approved volume',
    [{ field: 'Volumes', names: ['config'] }],
    (p) => push(web(p)['volumeMounts'], { name: 'config', mountPath: '/var/run/secrets/x' }),
    /volumeMounts/,
  ],
  [
    'a mount in another container than the named one',
    [{ ...volumes, container: 'side' }],
    (p) => mount(p, '/var/run/secrets/x'),
    /volumeMounts/,
  ],
  [
    'a mount that changes the node',
    [volumes],
    (p) => mount(p, '/var/run/secrets/x', 'aws-token', { mountPropagation: 'Bidirectional' }),
    /volumeMounts/,
  ],
  [
    'a probe that runs a command',
    [{ field: 'Probes' }],
    (p) => (web(p)['readinessProbe'] = { exec: { command: ['sh'] }, periodSeconds: 5 }),
    /readinessProbe/,
  ],
  [
    'another command in an approved probe',
    [{ field: 'Probes' }],
    (p) => (web(p)['livenessProbe'] = { exec: { command: ['sh'] } }),
    /livenessProbe/,
  ],
  ['a probe that is gone', [{ field: 'Probes' }], (p) => delete web(p)['readinessProbe'], /readinessProbe/],
  [
    'a probe where none was',
    [{ field: 'Probes' }],
    (p) => (side(p)['livenessProbe'] = { httpGet: { port: 1 } }),
    /side \(livenessProbe\)/,
  ],
  [
    'a probe that asks somebody else',
    [{ field: 'Probes' }],
    (p) => (web(p)['readinessProbe'] = { httpGet: { port: 1, host: '203.0.113.1' }, periodSeconds: 5 }),
    /readinessProbe/,
  ],
  [
    'a probe with another timing',
    [{ field: 'Probes' }],
    (p) => (web(p)['readinessProbe'] = { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 500 }),
    /readinessProbe/,
  ],
  [
    'a device',
    [{ field: 'Resources' }],
    (p) => (web(p)['resources'] = { limits: { 'example.com/gpu': '8' } }),
    /web \(resources\)/,
  ],
  [
    'a claim of a device',
    [{ field: 'Resources' }],
    (p) => (side(p)['resources'] = { claims: [{ name: 'x' }] }),
    /side \(resources\)/,
  ],
  [
    'an approved label with another value',
    [{ field: 'Labels', names: ['app'] }],
    (p) => (p.metadata.labels['app'] = 'payments'),
    /labels differ: app/,
  ],
  ['a label that is not named', [{ field: 'Labels', names: ['b*'] }], (p) => (p.metadata.labels['a'] = 'x'), /: a$/],
  [
    'an annotation that is not named',
    [{ field: 'Annotations', names: ['b'] }],
    (p) => (p.metadata.annotations = { bb: 'x' }),
    /annotations differ: bb/,
  ],
  [
    'a gate that is not named',
    [{ field: 'ReadinessGates', names: ['b'] }],
    (p) => (p.spec['readinessGates'] = [{ conditionType: 'a' }]),
    /readinessGates/,
  ],
  ...[
    { nodeName: 'mine' },
    { runtimeClassName: 'unsafe' },
    { priorityClassName: 'system-node-critical' },
    { schedulingGates: [{ name: 'x' }] },
  ].map(
    (spec) =>
      [JSON.stringify(spec), [{ field: 'Scheduling' }], (p: Pod) => Object.assign(p.spec, spec), /pod fields/] as const,
  ),
  ...[
    { runAsUser: 0 },
    { runAsGroup: 0 },
    { fsGroup: 0 },
    { supplementalGroups: [0] },
    { sysctls: [{ name: 'x', value: '1' }] },
    { seccompProfile: { type: 'Unconfined' } },
    { appArmorProfile: { type: 'Unconfined' } },
    { seLinuxOptions: { type: 'spc_t' } },
    { windowsOptions: { hostProcess: true } },
    { supplementalGroupsPolicy: 'Strict' },
    { runAsNonRoot: false },
    { later: true },
  ].map(
    (context) =>
      [
        `a pod's ${JSON.stringify(context)}`,
        [{ field: 'PodSecurityContext' }],
        (p: Pod) => (p.spec['securityContext'] = { supplementalGroups: [7], ...context }),
        /pod fields differ: securityContext/,
      ] as const,
  ),
  [
    'a group of the template that is gone',
    [{ field: 'PodSecurityContext' }],
    (p) => (p.spec['securityContext'] = {}),
    /securityContext/,
  ],
  ['the network of the node', [{ field: 'DNS' }], (p) => (p.spec['hostNetwork'] = true), /hostNetwork/],
];

for (const [what, mutations, change, says] of DENIED)
  test(`a mutation is no more than it says: ${what}`, (t) => {
    t.is(
      podDifference(
        made(() => undefined),
        [entry(mutations)],
      ),
      undefined,
      'the approved pod itself',
    );
    t.regex(podDifference(made(change), [entry(mutations)]) ?? 'it is let through', says);
  });

test('all mutations at once let through what one of them names, and nothing else', (t) => {
  const all = ALLOWED.flatMap(([, mutations]) => mutations).filter((mutation) => mutation['container'] === undefined);
  for (const [what, , change] of ALLOWED) t.is(podDifference(made(change), [entry(all)]), undefined, what);
  t.is(
    podDifference(
      made((p) => (p.spec['hostPID'] = true)),
      [entry(all)],
    ),
    'pod fields differ: hostPID',
  );
});

const proxy = { name: 'proxy', image: 'registry.example/proxy:1' };
const injected = { injected: [{ container: 'proxy', imagePrefix: 'registry.example/proxy' }] };

test('an injected container has no way to the node and to the data of the approved ones', (t) => {
  const said = (change: Json, volumes: readonly Json[] = [], lists: readonly string[] = ['containers']) =>
    lists.map((list) =>
      podDifference(
        made((p) => {
          (p.spec as Json)[list] = [...((p.spec[list] as Json[] | undefined) ?? []), { ...proxy, ...change }];
          p.spec.volumes.push(...volumes);
        }),
        [entry(undefined, injected)],
      ),
    );
  const both = ['containers', 'initContainers'];
  const own = [{ name: 'own', emptyDir: {} }];
  t.deepEqual(said({}, [], both), [undefined, undefined]);
  t.deepEqual(said({ volumeMounts: [{ name: 'own', mountPath: '/app' }] }, own), [undefined]);
  const context = { runAsUser: 0, capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] } };
  t.deepEqual(said({ securityContext: context }), [undefined], 'what istio-init and linkerd-init need');
  const refused: readonly Json[] = [
    { image: 'registry.example/evil:1' },
    { securityContext: { privileged: true } },
    { securityContext: { capabilities: { add: ['SYS_ADMIN'] } } },
    { securityContext: { capabilities: { add: ['ALL'] } } },
    { securityContext: { procMount: 'Unmasked' } },
    { securityContext: { seccompProfile: { type: 'Unconfined' } } },
    { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
    { securityContext: { seLinuxOptions: { type: 'spc_t' } } },
    { securityContext: { windowsOptions: { hostProcess: true } } },
    { volumeMounts: [{ name: 'config', mountPath: '/x' }] },
    { volumeDevices: [{ name: 'config', devicePath: '/x' }] },
    { ports: [{ containerPort: 1, hostPort: 1 }] },
  ];
  for (const change of refused) {
    const wanted = both.map((list) => `${list.replace('C', ' c')} differ: proxy is not approved`);
    t.deepEqual(said(change, [], both), wanted, JSON.stringify(change));
  }
  t.deepEqual(said({}, [{ name: 'own', hostPath: { path: '/' } }]), ['volumes differ: own']);
  t.deepEqual(said({}, [{ name: 'own', projected: { sources: [{ secret: { name: 'x' } }] } }]), [
    'volumes differ: own',
  ]);
  t.deepEqual(said({}, [{ name: 'kube-api-access-x', configMap: { name: 'x' } }]), [
    'volumes differ: kube-api-access-x',
  ]);
});

test("an injected volume does not take the place of a StatefulSet's claim", (t) => {
  const set = { kind: 'StatefulSet', name: 'db', role: 'Current', ...injected };
  const spec = { serviceName: 'db', template, volumeClaimTemplates: [{ metadata: { name: 'data' } }] };
  const pod = (volume: Json): Json => ({
    metadata: { name: 'db-0', labels: { app: 'web' } },
    spec: { ...template.spec, hostname: 'db-0', subdomain: 'db', volumes: [...template.spec.volumes, volume] },
  });
  const claim = { name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } };
  t.is(podDifference(pod(claim), [{ ...set, spec }]), undefined);
  t.is(podDifference(pod({ name: 'data', emptyDir: {} }), [{ ...set, spec }]), 'volumes differ: data');
});

const annotated = (key: string): string | undefined =>
  podDifference(
    made((p) => (p.metadata.annotations = { [key]: 'x' })),
    [entry(undefined, injected)],
  );

test('annotations come with an injected container where they are those of a mesh', (t) => {
  t.is(annotated('sidecar.istio.io/status'), undefined);
  t.is(annotated('prometheus.io/scrape'), undefined);
  t.is(annotated('k8s.v1.cni.cncf.io/networks'), 'annotations differ: k8s.v1.cni.cncf.io/networks');
});

test('what differs is said for the one who looks for the cause', (t) => {
  const said = (change: Change, approved: readonly Json[] = [entry()]) => podDifference(made(change), approved);
  t.is(
    said(() => undefined, []),
    'nothing is approved',
  );
  t.is(
    said((p) => (p.metadata.labels = {})),
    'labels differ: app',
    'one entry is the one that is meant',
  );
  const other = {
    ...entry(),
    name: 'api',
    spec: { ...(entry()['spec'] as Json), selector: { matchLabels: { app: 'api' } } },
  };
  t.is(
    said((p) => (p.metadata.labels = { app: 'x' }), [entry(), other]),
    'labels differ: no approved workload has them',
  );
  t.is(
    said((p) => (p.metadata.labels['tier'] = 'x'), [other, entry()]),
    'labels differ: tier',
  );
  t.is(
    said((p) => {
      web(p)['image'] = 'x';
      web(p)['stdin'] = true;
      push(p.spec.containers, { name: 'x', image: 'x' });
    }),
    'containers differ: x is not approved, web (image, stdin)',
  );
  t.is(
    said((p) => p.spec.containers.pop()),
    'containers differ: side is missing',
  );
  t.is(
    said((p) => (p.spec.containers = p.spec.containers.toReversed())),
    'containers differ: their order',
  );
  t.is(
    said((p) => (p.spec.volumes = [])),
    'volumes differ: config is missing',
  );
  t.is(
    said((p) => {
      for (const index of Array(9).keys()) p.metadata.labels[`l${index}`] = 'x';
    }),
    'labels differ: 9 of them',
    'a long list is counted: the message has one line',
  );
});

test('what cannot be compared differs', (t) => {
  t.regex(podDifference({}, [entry()]) ?? '', /./);
  t.regex(podDifference({ metadata: {} }, [entry()]) ?? '', /./);
  t.regex(
    podDifference(
      made(() => undefined),
      [{ kind: 'Deployment' }],
    ) ?? '',
    /it cannot be compared/,
  );
});
