import test from 'ava';
import { waitFor } from '../harness/index.ts';
import { allowed, denied, deniedCommand } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, images, template, workload } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const containerChange = (change: Json): Json => ({
  spec: {
    template: {
      spec: { containers: [{ ...(template('web')['spec'] as { containers: Json[] }).containers[0], ...change }] },
    },
  },
});
const podChange = (change: Json): Json => ({ spec: { template: { spec: change } } });

const FORBIDDEN: readonly (readonly [what: string, patch: Json])[] = [
  ['the image', containerChange({ image: images.evil })],
  ['the image to a tag', containerChange({ image: 'registry.example/web:latest' })],
  ['the environment', containerChange({ env: [{ name: 'MODE', value: 'debug' }] })],
  ['the environment from a ConfigMap', containerChange({ envFrom: [{ configMapRef: { name: 'extra' } }] })],
  ['the command', containerChange({ command: ['sh', '-c', 'id'] })],
  ['the arguments', containerChange({ args: ['--debug'] })],
  ['a lifecycle hook', containerChange({ lifecycle: { postStart: { exec: { command: ['id'] } } } })],
  ['a probe', containerChange({ livenessProbe: { exec: { command: ['id'] } } })],
  ['the security context of a container', containerChange({ securityContext: { privileged: true } })],
  ['the resources', containerChange({ resources: { limits: { cpu: '2', memory: '64Mi' } } })],
  [
    'a second container',
    podChange({
      containers: [
        ...(template('web')['spec'] as { containers: Json[] }).containers,
        { name: 'x', image: images.evil },
      ],
    }),
  ],
  ['an init container', podChange({ initContainers: [{ name: 'x', image: images.evil }] })],
  ['the volumes', podChange({ volumes: [{ name: 'config', hostPath: { path: '/' } }] })],
  ['an image volume', podChange({ volumes: [{ name: 'config', image: { reference: images.evil } }] })],
  ['the service account', podChange({ serviceAccountName: 'admin' })],
  ['the host network', podChange({ hostNetwork: true })],
  ['the host PID namespace', podChange({ hostPID: true })],
  ['host aliases', podChange({ hostAliases: [{ ip: '203.0.113.9', hostnames: ['api.stripe.com'] }] })],
  ['the DNS', podChange({ dnsPolicy: 'None', dnsConfig: { nameservers: ['203.0.113.9'] } })],
  ['the runtime class', podChange({ runtimeClassName: 'other' })],
  ['the scheduler', podChange({ schedulerName: 'other' })],
  ['the node', podChange({ nodeName: 'mine' })],
  ['a label of the template', { spec: { template: { metadata: { labels: { track: 'canary' } } } } }],
  [
    'an annotation of the template',
    { spec: { template: { metadata: { annotations: { 'sidecar.istio.io/inject': 'true' } } } } },
  ],
  ['a finalizer of the template', { spec: { template: { metadata: { finalizers: ['example.com/stay'] } } } }],
  ['the pause', { spec: { paused: true } }],
  ['the strategy', { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } }],
  ['minReadySeconds', { spec: { minReadySeconds: 300 } }],
  ['the progress deadline', { spec: { progressDeadlineSeconds: 7200 } }],
  ['the history limit', { spec: { revisionHistoryLimit: 0 } }],
];

test('denied: each change of an approved Deployment that an agent can make', async (t) => {
  const shop = await Production.open(stage, 'each-change');
  const before = await shop.read(shop.apps('Deployment', 'web'));
  for (const [what, patch] of FORBIDDEN) {
    denied(
      t,
      await stage.agent('PATCH', shop.apps('Deployment', 'web'), patch),
      'workloads',
      /Deployment\/web in each-change does not match/,
      what,
    );
  }
  t.deepEqual((await shop.read(shop.apps('Deployment', 'web'))).spec, before.spec);
});

test('allowed: scale, restart, labels, annotations and a replace with the same content', async (t) => {
  const shop = await Production.open(stage, 'harmless');
  const path = shop.apps('Deployment', 'web');
  const restart = { 'kubectl.kubernetes.io/restartedAt': '2026-11-21T08:00:00Z' };
  allowed(t, await stage.agent('PATCH', path, { spec: { replicas: 3 } }));
  allowed(t, await stage.agent('PATCH', path, { metadata: { labels: { team: 'a' }, annotations: { note: 'b' } } }));
  allowed(t, await stage.agent('PATCH', path, { spec: { template: { metadata: { annotations: restart } } } }));
  // Before Kubernetes 1.36 nobody keeps the revision that the controller has written in between.
  const live = await waitFor('the controller to have seen the restart', async (seen) => {
    const read = (await shop.read(path)) as Live & { readonly status?: { readonly observedGeneration?: number } };
    seen(read.status);
    return read.status?.observedGeneration === read.metadata['generation'] && read;
  });
  const { resourceVersion: _, ...metadata } = live.metadata;
  allowed(t, await stage.agent('PUT', path, { ...live, metadata }));
});

test('denied: the ways of stock kubectl', async (t) => {
  const shop = await Production.open(stage, 'stock-kubectl');
  const run = (...args: string[]) =>
    stage.cluster.kubectl(['-n', shop.namespace, ...args], { as: stage.files.agent, check: false });
  const live = await shop.read(shop.apps('Deployment', 'web'));
  const evil = {
    ...deployment('web'),
    metadata: { name: 'web', namespace: shop.namespace },
    spec: { ...live.spec, template: template('web', { hostNetwork: true }) },
  };
  const send = (args: string[]) =>
    stage.cluster.kubectl(['-n', shop.namespace, ...args, '-f', '-'], {
      as: stage.files.agent,
      check: false,
      input: JSON.stringify(evil),
    });
  deniedCommand(
    t,
    await run('set', 'image', 'deployment/web', `web=${images.evil}`),
    'workloads',
    /create a Promotion/,
  );
  deniedCommand(t, await run('set', 'env', 'deployment/web', 'A=b'), 'workloads');
  deniedCommand(t, await run('rollout', 'pause', 'deployment/web'), 'workloads');
  deniedCommand(t, await send(['apply', '--server-side', '--force-conflicts']), 'workloads');
  deniedCommand(t, await send(['apply']), 'workloads');
  deniedCommand(t, await send(['replace']), 'workloads');
  const restarted = await run('rollout', 'restart', 'deployment/web');
  t.is(restarted.code, 0, restarted.stderr);
});

test('denied: a workload that no target names, of every kind', async (t) => {
  const shop = await Production.open(stage, 'strangers');
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'] as const) {
    denied(
      t,
      await stage.agent('POST', shop.apps(kind), workload(kind, 'second', { template: template('second') })),
      'workloads',
      /is not a workload of a ProductionTarget/,
    );
  }
});

test('denied: StatefulSet and DaemonSet with other content; allowed with the approved one', async (t) => {
  const kinds = ['StatefulSet', 'DaemonSet'] as const;
  const shop = await Production.open(
    stage,
    'other-kinds',
    kinds.map((kind) => workload(kind, 'web')),
  );
  for (const kind of kinds) {
    denied(
      t,
      await stage.agent('PATCH', shop.apps(kind, 'web'), containerChange({ image: images.evil })),
      'workloads',
      /pod template differs/,
    );
    denied(
      t,
      await stage.agent('PATCH', shop.apps(kind, 'web'), {
        spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: null } },
      }),
      'workloads',
      /spec differs/,
    );
    allowed(t, await stage.agent('PATCH', shop.apps(kind, 'web'), { metadata: { labels: { team: 'a' } } }));
  }
  const keep = { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' } };
  denied(t, await stage.agent('PATCH', shop.apps('StatefulSet', 'web'), { spec: keep }), 'workloads', /spec differs/);
});

test('allowed: whoever applies what was approved; denied: anything else at the same time', async (t) => {
  const shop = await Production.open(stage, 'promoted');
  const path = shop.apps('Deployment', 'web');
  const live = await shop.read(path);
  denied(t, await stage.agent('PATCH', path, containerChange({ image: images.second })), 'workloads');
  const planned = await stage.promotions(
    'PATCH',
    `${path}?dryRun=All&fieldManager=twinlock-plan`,
    containerChange({ image: images.second }),
  );
  allowed(t, planned);
  const desired = (planned.body as { readonly spec: Json }).spec;
  await shop.approve([
    { kind: 'Deployment', name: 'web', role: 'Current', spec: desired },
    { kind: 'Deployment', name: 'web', role: 'Fallback', spec: live.spec },
  ]);
  denied(t, await stage.agent('PATCH', path, containerChange({ image: images.second, args: ['x'] })), 'workloads');
  allowed(t, await stage.agent('PATCH', path, containerChange({ image: images.second })));
});

test('denied: a dry run of the plan by anybody but the promotions process, or for real', async (t) => {
  const shop = await Production.open(stage, 'plan');
  const [path, change] = [shop.apps('Deployment', 'web'), containerChange({ image: images.second })];
  const planned = `${path}?dryRun=All&fieldManager=twinlock-plan`;
  denied(t, await stage.agent('PATCH', planned, change), 'workloads');
  denied(t, await stage.admin('PATCH', planned, change), 'workloads');
  denied(t, await stage.promotions('PATCH', `${path}?fieldManager=twinlock-plan`, change), 'workloads');
  denied(t, await stage.promotions('PATCH', `${path}?dryRun=All&fieldManager=twinlock-canary`, change), 'workloads');
  allowed(t, await stage.promotions('PATCH', planned, change));
});

test('denied: rollback without its verb; allowed: rollout undo by the on-call, with nothing else running', async (t) => {
  const shop = await Production.open(stage, 'undo');
  const path = shop.apps('Deployment', 'web');
  const first = await shop.read(path);
  const change = { spec: { ...(containerChange({ image: images.second })['spec'] as Json), minReadySeconds: 5 } };
  const planned = await must(stage.promotions('PATCH', `${path}?dryRun=All&fieldManager=twinlock-plan`, change));
  await shop.approve([
    { kind: 'Deployment', name: 'web', role: 'Current', spec: planned.spec },
    { kind: 'Deployment', name: 'web', role: 'Fallback', spec: first.spec },
  ]);
  // The Deployment controller must have seen the first template, else there is nothing to go back to.
  await shop.pods(1);
  allowed(t, await stage.agent('PATCH', path, change));
  await shop.pods(2);
  const undo = (as: string) =>
    stage.cluster.kubectl(['-n', shop.namespace, 'rollout', 'undo', 'deployment/web'], { as, check: false });
  deniedCommand(t, await undo(stage.files.agent), 'workloads', /rolling back needs the verb rollback/);
  const undone = await undo(stage.files.oncall);
  t.is(undone.code, 0, undone.stderr);
  const after = await shop.read(path);
  t.deepEqual(after.spec['template'], first.spec['template']);
  t.is(after.spec['minReadySeconds'], 5, 'undo puts back the template alone');
  const forward = await undo(stage.files.agent);
  t.is(forward.code, 0, `back to Current needs no verb: ${forward.stderr}`);
});

test('denied: everything in a protected namespace whose lock is gone', async (t) => {
  await must(
    stage.admin('POST', '/api/v1/namespaces', {
      metadata: { name: 'no-lock', labels: { 'twinlock.dev/protected': 'true' } },
    }),
  );
  const answer = await stage.agent('POST', '/apis/apps/v1/namespaces/no-lock/deployments', deployment('web'));
  t.is(answer.status, 422);
  t.regex(JSON.stringify(answer.body), /twinlock-workloads.*no params found/);
});

const claim = (name: string, storage = '1Gi', metadata: Json = {}): Json => ({
  metadata: { name, ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
});
const database = (...volumeClaimTemplates: readonly Json[]): Json =>
  workload('StatefulSet', 'db', volumeClaimTemplates.length > 0 ? { volumeClaimTemplates } : {});

test('denied: a StatefulSet that is made with other claims than the approved ones; allowed: with these', async (t) => {
  const signed = database(claim('data'), claim('log'));
  const spec = (await must(stage.admin('POST', '/apis/apps/v1/namespaces/default/statefulsets?dryRun=All', signed)))
    .spec;
  const shop = await Production.open(stage, 'claims', [], {
    also: [{ kind: 'StatefulSet', name: 'db', role: 'Current', spec }],
  });
  const make = (made: Json): ReturnType<typeof stage.agent> =>
    stage.agent('POST', `${shop.apps('StatefulSet')}?dryRun=All`, made);
  const forged: readonly (readonly [what: string, claims: readonly Json[]])[] = [
    ['a larger one', [claim('data', '2Gi'), claim('log')]],
    [
      'another class',
      [{ ...claim('data'), spec: { ...(claim('data')['spec'] as Json), storageClassName: 'mine' } }, claim('log')],
    ],
    ['a label', [claim('data', '1Gi', { labels: { backup: 'no' } }), claim('log')]],
    ['one less', [claim('data')]],
    ['one more', [claim('data'), claim('log'), claim('more')]],
    ['another name', [claim('data'), claim('logs')]],
    ['another order', [claim('log'), claim('data')]],
    ['none', []],
  ];
  for (const [what, claims] of forged)
    denied(t, await make(database(...claims)), 'workloads', /\(spec differs\)/, what);
  allowed(t, await make(signed));
});
