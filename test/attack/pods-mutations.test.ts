/** What meshes, identity webhooks, VPA and reloaders do to pods: let in where the target names it, and no more than that. */
import test from 'ava';
import { podDifference } from '../../operator/admission/index.ts';
import { matchLive, type Approved as Entry } from '../../operator/lock/index.ts';
import { allowed, denied } from './assert.ts';
import { words } from './life-page.ts';
import { POD_MUTATORS } from './pod-mutators.ts';
import { mutatingWebhook, type Operation } from './mutators.ts';
import { Production } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, images, template } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const content = template('web', {
  containers: [
    {
      name: 'web',
      image: images.first,
      env: [{ name: 'MODE', value: 'live' }],
      resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
      readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 5 },
      livenessProbe: { tcpSocket: { port: 8080 }, initialDelaySeconds: 3 },
      volumeMounts: [{ name: 'config', mountPath: '/etc/app' }],
    },
  ],
  securityContext: { runAsNonRoot: true },
});
const web = deployment('web', { template: content });
const podRule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
const bare = (): Json => {
  const { metadata, spec } = content as { readonly metadata: Json; readonly spec: Json };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'again' }, spec };
};

for (const [name, { patch, mutations, injected, row }] of Object.entries(POD_MUTATORS))
  test(`allowed: pods as ${name} makes them, where the target names it; denied: where it does not`, async (t) => {
    const shop = await Production.open(stage, `by-${name}`, [web], {
      entry: { mutations, ...(injected && { injected }) },
    });
    const plain = await Production.open(stage, `by-${name}-not`, [web]);
    for (const where of [shop, plain]) {
      const webhook = await mutatingWebhook(stage, where.namespace, where.namespace, podRule);
      t.teardown(() => webhook.stop());
      await where.until('the webhook is called', async () => {
        await stage.manager('POST', `${where.core('pods')}?dryRun=All`, bare());
        return webhook.asked > 0;
      });
      webhook.answer = patch;
    }
    const [made] = (await shop.again('app=web')) as readonly [Live];
    const { spec } = await shop.read(shop.own('workloadlocks', 'lock'));
    t.is(podDifference(made, spec['approved'] as readonly Json[]), undefined);
    t.not(
      podDifference(made, [{ ...(spec['approved'] as readonly Json[])[0], mutations: [], injected: [] }]),
      undefined,
    );
    denied(
      t,
      await stage.manager('POST', `${plain.core('pods')}?dryRun=All`, bare()),
      'pods',
      row ? words(row) : /differ/,
    );
  });

const everything = [
  { field: 'Env', names: ['AWS_*'] },
  { field: 'Volumes', names: ['aws-*'] },
  { field: 'Labels', names: ['team.example/*'] },
  { field: 'Annotations', names: ['team.example/*'] },
  ...['Probes', 'Resources', 'Scheduling', 'PodSecurityContext', 'DNS'].map((field) => ({ field })),
];
const one = '/spec/containers/0';
const put = (path: string, value: unknown): Operation => ({ op: 'add', path, value });
const volumeAt = (mountPath: string, volume: Json = { emptyDir: {} }): readonly Operation[] => [
  put('/spec/volumes/-', { name: 'aws-x', ...volume }),
  put(`${one}/volumeMounts/-`, { name: 'aws-x', mountPath }),
];

const ATTACKS: readonly (readonly [what: string, says: RegExp, patch: readonly Operation[]])[] = [
  [
    'a library that is loaded first',
    /web \(env LD_PRELOAD\)/,
    [put(`${one}/env/-`, { name: 'LD_PRELOAD', value: '/x' })],
  ],
  [
    'a Secret in a variable of a named name',
    /web \(env AWS_X\)/,
    [put(`${one}/env/-`, { name: 'AWS_X', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } })],
  ],
  ['another value of an approved variable', /env MODE/, [put(`${one}/env/-`, { name: 'MODE', value: 'test' })]],
  ['files over the code of the image', /volumeMounts \/app/, volumeAt('/app')],
  ['files over approved ones', /volumeMounts \/etc\/app\/conf/, volumeAt('/etc/app/conf')],
  ['files above approved ones', /volumeMounts \/etc/, volumeAt('/etc')],
  ["files over the service account's token", /volumeMounts/, volumeAt('/var/run/secrets/kubernetes.io')],
  ['a way out of the place for secrets', /volumeMounts/, volumeAt('/var/run/secrets/../../../app')],
  ['the disk of the node', /volumes differ: aws-x/, volumeAt('/var/run/secrets/x', { hostPath: { path: '/' } })],
  ['a Secret as a file', /volumes differ: aws-x/, volumeAt('/var/run/secrets/x', { secret: { secretName: 'db' } })],
  [
    'a Secret in a projected volume',
    /volumes differ: aws-x/,
    volumeAt('/var/run/secrets/x', { projected: { sources: [{ secret: { name: 'db' } }] } }),
  ],
  [
    'a token for the API server',
    /volumes differ: aws-x/,
    volumeAt('/var/run/secrets/x', { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }),
  ],
  [
    'a probe that runs a command',
    /web \(readinessProbe\)/,
    [put(`${one}/readinessProbe`, { exec: { command: ['sh', '-c', 'id'] }, periodSeconds: 5 })],
  ],
  [
    'a probe that asks another host',
    /web \(readinessProbe\)/,
    [put(`${one}/readinessProbe/httpGet/host`, '203.0.113.9')],
  ],
  [
    'a hook where probes may differ',
    /web \(lifecycle\)/,
    [put(`${one}/lifecycle`, { preStop: { exec: { command: ['id'] } } })],
  ],
  ['a device', /web \(resources\)/, [put(`${one}/resources/limits/example.com~1gpu`, '1')]],
  ['a label of another Service', /labels differ: tier/, [put('/metadata/labels/tier', 'payments')]],
  ['another value of an approved label', /labels differ/, [put('/metadata/labels/app', 'payments')]],
  [
    'an order to the network plugin',
    /annotations differ/,
    [put('/metadata/annotations', { 'k8s.v1.cni.cncf.io/networks': 'mine' })],
  ],
  ['a node of its own', /pod fields differ: nodeName/, [put('/spec/nodeName', 'mine')]],
  ['the root user', /pod fields differ: securityContext/, [put('/spec/securityContext/runAsUser', 0)]],
  ["the root's group", /pod fields differ: securityContext/, [put('/spec/securityContext/fsGroup', 0)]],
  [
    'no seccomp',
    /pod fields differ: securityContext/,
    [put('/spec/securityContext/seccompProfile', { type: 'Unconfined' })],
  ],
  ['the network of the node', /hostNetwork/, [put('/spec/hostNetwork', true)]],
  ['a container beside', /x is not approved/, [put('/spec/containers/-', { name: 'x', image: images.evil })]],
];

test('denied: what a webhook changes beyond what the mutations of the target name', async (t) => {
  const shop = await Production.open(stage, 'beyond', [web], { entry: { mutations: everything } });
  const webhook = await mutatingWebhook(stage, 'beyond', shop.namespace, podRule);
  t.teardown(() => webhook.stop());
  const create = () => stage.manager('POST', `${shop.core('pods')}?dryRun=All`, bare());
  await shop.until('the webhook is called', async () => {
    await create();
    return webhook.asked > 0;
  });
  for (const [what, says, patch] of ATTACKS) {
    webhook.answer = patch;
    denied(t, await create(), 'pods', says, what);
  }
  webhook.answer = [put(`${one}/env/-`, { name: 'AWS_X', value: 'x' }), ...volumeAt('/var/run/secrets/aws')];
  allowed(t, await create());
});

test('denied: an injected container that takes more than a container', async (t) => {
  const injected = [{ container: 'proxy', imagePrefix: 'registry.example/proxy' }];
  const shop = await Production.open(stage, 'injected', [web], { entry: { injected } });
  const webhook = await mutatingWebhook(stage, 'injected', shop.namespace, podRule);
  t.teardown(() => webhook.stop());
  const create = async (change: Json, ...patch: readonly Operation[]) => {
    webhook.answer = [
      ...patch,
      put('/spec/containers/-', { name: 'proxy', image: 'registry.example/proxy:1', ...change }),
    ];
    return stage.manager('POST', `${shop.core('pods')}?dryRun=All`, bare());
  };
  await shop.until('the webhook is called', async () => {
    await create({});
    return webhook.asked > 0;
  });
  allowed(t, await create({}));
  const volume = put('/spec/volumes/-', { name: 'own', emptyDir: {} });
  allowed(t, await create({ volumeMounts: [{ name: 'own', mountPath: '/own' }] }, volume));
  const refused: readonly Json[] = [
    { securityContext: { privileged: true } },
    { securityContext: { capabilities: { add: ['SYS_ADMIN'] } } },
    { securityContext: { seccompProfile: { type: 'Unconfined' } } },
    { volumeMounts: [{ name: 'config', mountPath: '/x' }] },
    { ports: [{ containerPort: 80, hostPort: 80 }] },
  ];
  for (const change of refused)
    denied(t, await create(change), 'pods', /proxy is not approved/, JSON.stringify(change));
  const host = put('/spec/volumes/-', { name: 'own', hostPath: { path: '/' } });
  denied(t, await create({ volumeMounts: [{ name: 'own', mountPath: '/own' }] }, host), 'pods', /volumes differ: own/);
  const token = put('/spec/volumes/-', { name: 'kube-api-access-x', configMap: { name: 'mine' } });
  denied(t, await create({}, token), 'pods', /volumes differ: kube-api-access-x/);
});

const reloader = [
  { by: 'reloader', field: 'Env', names: ['STAKATER_*'] },
  { by: 'reloader', field: 'Annotations', names: ['reloader.stakater.com/last-reloaded-from'] },
];
const variable = (name: string, also: Json = { value: '2f5c' }): Json => ({
  spec: { template: { spec: { containers: [{ name: 'web', env: [{ name, ...also }] }] } } },
});
const annotation = (name: string): Json => ({
  spec: { template: { metadata: { annotations: { [name]: '{"kind":"CONFIGMAP"}' } } } },
});
const isMarked = (pod: Live): boolean =>
  ['STAKATER_WEB_CONFIGMAP', 'last-reloaded-from'].every((mark) => JSON.stringify(pod).includes(mark));
const strategic = { contentType: 'application/strategic-merge-patch+json' };

test("allowed: a reloader's variable and annotation in a template, and its pods; denied: any other", async (t) => {
  const shop = await Production.open(stage, 'reloader', [web], { entry: { mutations: reloader } });
  const path = shop.apps('Deployment', 'web');
  const patch = (body: Json) => stage.agent('PATCH', path, body, strategic);
  for (const [what, body] of Object.entries({
    'a name that is not named': variable('LD_PRELOAD'),
    'a Secret': variable('STAKATER_WEB', { valueFrom: { secretKeyRef: { name: 'db', key: 'x' } } }),
    'an approved one': variable('MODE'),
    'an annotation that is not named': annotation('k8s.v1.cni.cncf.io/networks'),
    'an image': { spec: { template: { spec: { containers: [{ name: 'web', image: images.evil }] } } } },
  }))
    denied(t, await patch(body), 'workloads', /pod template differs/, what);
  allowed(t, await patch(variable('STAKATER_WEB_CONFIGMAP')));
  allowed(t, await patch(annotation('reloader.stakater.com/last-reloaded-from')));
  await shop.until('the pod has both marks', async () => (await shop.pods(1)).some(isMarked));
  // Again, with another value, on top of the mark that is there.
  allowed(t, await patch(variable('STAKATER_WEB_CONFIGMAP', { value: '77aa' })));
  await shop.until('the pod has the new mark', async () => JSON.stringify(await shop.pods(1)).includes('77aa'));

  const { spec } = await shop.read(path);
  const lock = await shop.read(shop.own('workloadlocks', 'lock'));
  const [current] = lock.spec['approved'] as readonly Entry[];
  t.is(matchLive({ current, fallback: undefined }, spec), 'Current', 'the controllers say what admission says');
  denied(t, await patch(variable('LD_PRELOAD')), 'workloads', /pod template differs/, 'beside the mark');
});

test('denied: a reloader that the target does not name', async (t) => {
  const shop = await Production.open(stage, 'no-reloader', [web]);
  const path = shop.apps('Deployment', 'web');
  denied(t, await stage.agent('PATCH', path, variable('STAKATER_WEB_CONFIGMAP'), strategic), 'workloads');
  const mark = annotation('reloader.stakater.com/last-reloaded-from');
  denied(t, await stage.agent('PATCH', path, mark, strategic), 'workloads');
});
