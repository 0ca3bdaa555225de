/** CronJobs of a target, what their controllers make of them, and what nobody else may. */
import test from 'ava';
import { allowed, denied, deniedCommand } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Live, type Send, type Stage } from '../stage/attack.ts';
import { deployment, images, template, type Approved } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const podTemplate = (changes: Json = {}): Json => template('nightly', { restartPolicy: 'Never', ...changes });
const cronJob = (name = 'nightly', spec: Json = {}, job: Json = {}): Json => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name },
  spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: podTemplate(), ...job } }, ...spec },
});
const merged = (spec: Json): Json => ({ spec });
const jobs = (spec: Json): Json => merged({ jobTemplate: { spec } });
const container = (changes: Json): Json => {
  const [own] = (podTemplate()['spec'] as { readonly containers: readonly Json[] }).containers;
  return jobs({ template: { spec: { containers: [{ ...own, ...changes }] } } });
};

/** The Job that `kubectl create job --from` makes, as a request. */
function byHand(live: Live, name: string, changes: Json = {}): Json {
  const { jobTemplate } = live.spec as { readonly jobTemplate: { readonly spec: Json } };
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: live.metadata.name, uid: live.metadata.uid };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, ownerReferences: [{ ...owner, controller: true }] },
    spec: { ...jobTemplate.spec, ...changes },
  };
}

async function open(name: string, spec: Json = {}, job: Json = {}): Promise<Production> {
  return Production.open(stage, name, [deployment('web'), cronJob('nightly', spec, job)]);
}

async function run(shop: Production, name: string, as: Send = stage.oncall): Promise<Live> {
  return must(as('POST', shop.apps('Job'), byHand(await shop.read(shop.apps('CronJob', 'nightly')), name)));
}

/** Of all fields there is a table in content.test.ts. */
const CHANGES: readonly (readonly [string, Json])[] = [
  ['its schedule', merged({ schedule: '* * * * *' })],
  ['its image', container({ image: images.evil })],
  ['a label of its Jobs', merged({ jobTemplate: { metadata: { labels: { evil: 'yes' } } } })],
];

test('denied: a CronJob with anything but approved content, whoever sends it', async (t) => {
  const shop = await open('cron');
  const path = shop.apps('CronJob', 'nightly');
  for (const [what, change] of CHANGES)
    for (const send of [stage.agent, stage.wildcard, stage.oncall, stage.promotions])
      denied(t, await send('PATCH', path, change), 'cron-jobs', /does not match the approved content/, what);
  denied(t, await stage.agent('POST', shop.apps('CronJob'), cronJob('other')), 'cron-jobs', /is not a workload of a/);
  denied(t, await stage.agent('DELETE', path), 'delete', /may not be deleted/);
  denied(t, await stage.promotions('DELETE', path), 'removal', /approved to run here/);
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-4000-8000-000000000000' };
  denied(t, await stage.agent('PATCH', path, { metadata: { ownerReferences: [owner] } }), 'cron-jobs', /owner/);
  allowed(t, await stage.agent('PATCH', path, { metadata: { labels: { team: 'shop' } } }));
  const set = await stage.cluster.kubectl(
    ['-n', shop.namespace, 'set', 'image', 'cronjob/nightly', `nightly=${images.evil}`],
    { as: stage.files.agent, check: false },
  );
  deniedCommand(t, set, 'cron-jobs', /production changes by promotion/);
  const live = await shop.read(path);
  const again = { ...live, metadata: { name: live.metadata.name } };
  allowed(t, await stage.agent('PUT', path, again));
});

test('denied: its status and that of its Jobs by anybody but controllers', async (t) => {
  const shop = await open('cron-status');
  await run(shop, 'nightly-1');
  const forged = { status: { failed: 3 } };
  for (const send of [stage.wildcard, stage.admin]) {
    denied(t, await send('PATCH', `${shop.apps('Job', 'nightly-1')}/status`, forged), 'workload-status');
    denied(t, await send('PATCH', `${shop.apps('CronJob', 'nightly')}/status`, { status: {} }), 'workload-status');
  }
});

test('suspended and resumed by who may roll back, and by nobody else', async (t) => {
  const shop = await open('cron-suspended');
  const path = shop.apps('CronJob', 'nightly');
  const suspend = (value: boolean): Json => merged({ suspend: value });
  for (const send of [stage.agent, stage.wildcard])
    denied(t, await send('PATCH', path, suspend(true)), 'cron-jobs', /needs|have the verb rollback/);
  allowed(t, await stage.oncall('PATCH', path, suspend(true)));
  denied(t, await stage.agent('PATCH', path, suspend(false)), 'cron-jobs', /have the verb rollback/);
  allowed(t, await stage.agent('PATCH', path, { metadata: { labels: { a: 'b' } } }));
  allowed(t, await stage.oncall('PATCH', path, suspend(false)));
  const both = merged({ suspend: true, schedule: '* * * * *' });
  denied(t, await stage.oncall('PATCH', path, both), 'cron-jobs', /does not match/);
});

test('the signed fallback is put back whole by who may roll back, and by nobody else', async (t) => {
  const shop = await open('cron-back');
  const path = shop.apps('CronJob', 'nightly');
  const live = await shop.read(path);
  const web = await shop.read(shop.apps('Deployment', 'web'));
  const before: Approved = {
    kind: 'CronJob',
    name: 'nightly',
    role: 'Fallback',
    spec: { ...live.spec, schedule: '0 4 * * *' },
  };
  await shop.approve([
    { kind: 'Deployment', name: 'web', role: 'Current', spec: web.spec },
    { kind: 'CronJob', name: 'nightly', role: 'Current', spec: live.spec },
    before,
  ]);
  const back = merged({ schedule: '0 4 * * *' });
  await shop.until(
    'the fallback is known',
    async () => (await stage.oncall('PATCH', `${path}?dryRun=All`, back)).status < 300,
  );
  for (const send of [stage.agent, stage.wildcard])
    denied(t, await send('PATCH', path, back), 'cron-jobs', /rolling back needs the verb rollback/);
  await stage.cluster.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'edit', namespace: shop.namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: shop.namespace }],
    },
  ]);
  const tool = await stage.withToken(shop.namespace, 'default');
  denied(t, await tool('PATCH', path, back), 'cron-jobs', /would take back what was promoted/);
  allowed(t, await stage.oncall('PATCH', path, back));
});

test('a Job runs exactly the approved template: made by its controller, or by hand by who may roll back', async (t) => {
  const shop = await open('cron-jobs');
  const live = await shop.read(shop.apps('CronJob', 'nightly'));
  const path = shop.apps('Job');
  const controller = await stage.withToken('kube-system', 'cronjob-controller');
  allowed(t, await controller('POST', path, byHand(live, 'nightly-29000000')));
  const [made] = await shop.pods(1, 'job-name=nightly-29000000');
  t.like(made?.metadata, { labels: { app: 'nightly', 'batch.kubernetes.io/job-name': 'nightly-29000000' } });
  for (const send of [stage.agent, stage.wildcard])
    denied(t, await send('POST', path, byHand(live, 'by-hand')), 'jobs', /run by hand with the verb rollback/);
  const from = ['-n', shop.namespace, 'create', 'job', 'by-hand', '--from=cronjob/nightly'];
  deniedCommand(t, await stage.cluster.kubectl(from, { as: stage.files.agent, check: false }), 'jobs', /verb rollback/);
  await stage.cluster.kubectl(from, { as: stage.files.oncall });
  await shop.pods(1, 'job-name=by-hand');

  const evil = podTemplate({ containers: [{ name: 'nightly', image: images.evil }] });
  for (const [what, changes] of [
    ['another image', { template: evil }],
    ['another label', { template: { ...podTemplate(), metadata: { labels: { app: 'web' } } } }],
    ['more of them', { parallelism: 50 }],
    ['another deadline', { activeDeadlineSeconds: 9 }],
  ] as const)
    denied(t, await stage.oncall('POST', path, byHand(live, 'evil', changes)), 'jobs', /does not match/, what);
  const own = byHand(live, 'own');
  const { metadata } = own as { readonly metadata: { readonly ownerReferences: readonly Json[] } };
  const [owner] = metadata.ownerReferences;
  for (const [what, ownerReferences] of [
    ['no owner', []],
    ['an owner that controls nothing', [{ ...owner, controller: false }]],
    ['an owner that no target names', [{ ...owner, name: 'other' }]],
    ['another kind of owner', [{ ...owner, apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }]],
  ] as const)
    denied(
      t,
      await stage.oncall('POST', path, { ...own, metadata: { name: 'own', ownerReferences } }),
      'jobs',
      /belongs to no CronJob|does not match/,
      what,
    );
  const two = [
    owner,
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-4000-8000-000000000000' },
  ];
  denied(t, await stage.oncall('POST', path, { ...own, metadata: { name: 'own', ownerReferences: two } }), 'jobs');
  const migrate = ['-n', shop.namespace, 'create', 'job', 'migrate', '--image=registry.example/migrate:1'];
  const hook = await stage.cluster.kubectl(migrate, { as: stage.files.agent, check: false });
  deniedCommand(t, hook, 'jobs', /Job\/migrate in cron-jobs belongs to no CronJob of a ProductionTarget/);
});

test('denied: pods of a Job that are not as approved, even from its controller', async (t) => {
  const shop = await open('cron-pods');
  await run(shop, 'nightly-1');
  const [pod] = await shop.pods(1, 'job-name=nightly-1');
  const { metadata, spec } = pod as Live & { readonly spec: { readonly containers: readonly Json[] } };
  const { labels, annotations, ownerReferences, generateName } = metadata as unknown as Record<string, Json>;
  const again = (changes: Json, more: Json = {}): Json => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'again', generateName, annotations, ownerReferences, labels: { ...labels, ...more } },
    spec: { ...spec, nodeName: undefined, ...changes },
  });
  const path = `${shop.core('pods')}?dryRun=All`;
  const controller = await stage.withToken('kube-system', 'job-controller');
  allowed(t, await controller('POST', path, again({})));
  const [first] = spec.containers;
  denied(t, await controller('POST', path, again({ containers: [{ ...first, image: images.evil }] })), 'pods', /image/);
  denied(t, await controller('POST', path, again({}, { tier: 'web' })), 'pods', /labels differ/);
  denied(t, await controller('POST', path, again({ hostname: 'nightly' })), 'pods', /pod fields differ/);
  denied(t, await stage.agent('POST', path, again({})), 'pods', /not made by a/);
  // The labels by which Jobs count are for Jobs alone.
  const [web] = await shop.pods(1, 'app=web');
  const ofWeb = web?.metadata['labels'] as Json;
  const joined = { ...web, metadata: { name: 'joined', labels: { ...ofWeb, 'job-name': 'nightly-1' } } };
  denied(t, await stage.manager('POST', path, joined), 'pods', /labels differ/);
});

test('a Job keeps what it was made as; it is stopped and deleted like a pod, and never orphans one', async (t) => {
  const shop = await open('cron-changes');
  const { metadata } = await run(shop, 'nightly-1');
  await shop.pods(1, 'job-name=nightly-1');
  const path = shop.apps('Job', 'nightly-1');
  for (const [what, change] of [
    ['more of them', merged({ parallelism: 5 })],
    ['its end', merged({ ttlSecondsAfterFinished: 1 })],
    ['its deadline', merged({ activeDeadlineSeconds: 5 })],
    ['a label', { metadata: { labels: { a: 'b' } } }],
    ['its owner', { metadata: { ownerReferences: [] } }],
  ] as const)
    for (const send of [stage.agent, stage.wildcard])
      denied(t, await send('PATCH', path, change), 'job-changes', /stays what/, what);
  allowed(t, await stage.agent('PATCH', path, { metadata: { annotations: { note: 'seen' } } }));
  allowed(t, await stage.agent('PATCH', path, merged({ suspend: true })));
  await shop.until('its controller says that it is suspended', async () =>
    JSON.stringify((await shop.read(path)) as unknown).includes('"Suspended"'),
  );
  denied(t, await stage.agent('PATCH', path, merged({ suspend: false })), 'job-changes', /resumed with the verb/);
  allowed(t, await stage.oncall('PATCH', path, merged({ suspend: false })));
  // Without a word batch/v1 orphans.
  for (const end of ['', '?propagationPolicy=Orphan', '?orphanDependents=true'])
    denied(t, await stage.agent('DELETE', `${path}${end}`), 'delete', /may not be deleted/, end);
  allowed(t, await stage.agent('DELETE', `${path}?propagationPolicy=Background`));
  await shop.until('its pod is deleted too', async () => {
    const pods = await shop.list(`${shop.core('pods')}?labelSelector=controller-uid%3D${metadata.uid}`);
    return pods.every((each) => 'deletionTimestamp' in each.metadata);
  });
});

test("pods of an indexed Job bring their number, and the controller's name for it only", async (t) => {
  const shop = await open('cron-indexed', {}, { completionMode: 'Indexed', completions: 2, parallelism: 2 });
  await run(shop, 'nightly-1');
  const pods = await shop.pods(2, 'job-name=nightly-1');
  t.deepEqual(pods.map(({ spec }) => spec['hostname']).toSorted(), ['nightly-1-0', 'nightly-1-1']);
});
