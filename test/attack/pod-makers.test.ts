import test from 'ava';
import { allowed, denied, deniedCommand } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { deployment, template } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const podTemplate = { ...template('job'), spec: { ...(template('job')['spec'] as Json), restartPolicy: 'Never' } };
const job = (name: string): Json => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: { template: podTemplate },
});
const cronJob = (name: string, suspend: boolean): Json => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name },
  spec: { schedule: '* * * * *', suspend, jobTemplate: { spec: { template: podTemplate } } },
});
const replicationController = (name: string): Json => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name },
  spec: { replicas: 2, selector: { app: name }, template: template(name) },
});
const batch = (shop: { readonly namespace: string }, resource: string, name = ''): string =>
  `/apis/batch/v1/namespaces/${shop.namespace}/${resource}${name === '' ? '' : `/${name}`}`;

test('denied: a Job, a CronJob and a ReplicationController, in words, when they are made', async (t) => {
  const shop = await Production.open(stage, 'makers');
  for (const send of [stage.agent, stage.wildcard, stage.admin]) {
    denied(t, await send('POST', batch(shop, 'jobs'), job('hook')), 'pod-makers', /its pods would be refused/);
    denied(t, await send('POST', batch(shop, 'cronjobs'), cronJob('nightly', true)), 'pod-makers', /another namespace/);
    denied(t, await send('POST', shop.core('replicationcontrollers'), replicationController('old')), 'pod-makers');
  }
  const hook = await stage.cluster.kubectl(
    ['-n', shop.namespace, 'create', 'job', 'migrate', '--image=registry.example/migrate:1'],
    { as: stage.files.agent, check: false },
  );
  deniedCommand(t, hook, 'pod-makers', /Job\/migrate in makers is not approved content of a ProductionTarget/);
  const elsewhere = await stage.agent('POST', batch({ namespace: 'default' }, 'jobs'), job('hook'));
  allowed(t, elsewhere);
});

test('denied: a Job that the controller makes from a CronJob that was there before; allowed: to stop and delete it', async (t) => {
  const name = 'before';
  await must(stage.admin('POST', '/api/v1/namespaces', { metadata: { name } }));
  await must(stage.admin('POST', batch({ namespace: name }, 'cronjobs'), cronJob('nightly', false)));
  await must(stage.admin('POST', `/api/v1/namespaces/${name}/replicationcontrollers`, replicationController('old')));
  const shop = await Production.open(stage, name, [deployment('web')]);
  const controller = await stage.withToken('kube-system', 'cronjob-controller');
  denied(t, await controller('POST', batch(shop, 'jobs'), job('nightly-1')), 'pod-makers');
  const path = batch(shop, 'cronjobs', 'nightly');
  denied(t, await stage.agent('PATCH', path, { spec: { schedule: '*/2 * * * *' } }), 'pod-makers');
  const both = { spec: { suspend: true, schedule: '*/2 * * * *' } };
  denied(t, await stage.agent('PATCH', path, both), 'pod-makers');
  allowed(t, await stage.agent('PATCH', path, { spec: { suspend: true } }));
  denied(t, await stage.agent('PATCH', path, { spec: { suspend: false } }), 'pod-makers');
  allowed(t, await stage.agent('PATCH', path, { metadata: { labels: { a: 'b' } } }));
  allowed(t, await stage.agent('DELETE', path));
  const old = shop.core('replicationcontrollers', 'old');
  denied(t, await stage.agent('PATCH', old, { spec: { replicas: 9 } }), 'pod-makers');
  denied(t, await stage.agent('PATCH', `${old}/scale`, { spec: { replicas: 9 } }), 'pod-makers');
  denied(
    t,
    await stage.agent('PATCH', old, { spec: { template: { metadata: { labels: { a: 'b' } } } } }),
    'pod-makers',
  );
  allowed(t, await stage.agent('PATCH', `${old}/scale`, { spec: { replicas: 0 } }));
  allowed(t, await stage.agent('DELETE', old));
});

test('a Job that runs when its namespace is protected ends: its controller reports, and it can be stopped and deleted', async (t) => {
  const name = 'running';
  await must(stage.admin('POST', '/api/v1/namespaces', { metadata: { name } }));
  await must(stage.admin('POST', batch({ namespace: name }, 'jobs'), job('backfill')));
  const shop = await Production.open(stage, name, [deployment('web')]);
  const path = batch(shop, 'jobs', 'backfill');
  allowed(t, await stage.agent('PATCH', path, { spec: { suspend: true } }));
  await shop.until('the controller says that it is suspended', async () =>
    JSON.stringify((await shop.read(path)) as unknown).includes('"Suspended"'),
  );
  allowed(t, await stage.agent('DELETE', `${path}?propagationPolicy=Background`));
});
