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

test('denied: a Job, a CronJob and a ReplicationController of nobody, in words, when they are made', async (t) => {
  const shop = await Production.open(stage, 'makers');
  for (const send of [stage.agent, stage.wildcard, stage.admin]) {
    denied(t, await send('POST', shop.apps('Job'), job('hook')), 'jobs', /its pods would be refused/);
    denied(t, await send('POST', shop.apps('CronJob'), cronJob('nightly', true)), 'cron-jobs', /first promotion/);
    denied(
      t,
      await send('POST', shop.core('replicationcontrollers'), replicationController('old')),
      'pod-makers',
      /another namespace/,
    );
  }
  const hook = await stage.cluster.kubectl(
    ['-n', shop.namespace, 'create', 'job', 'migrate', '--image=registry.example/migrate:1'],
    { as: stage.files.agent, check: false },
  );
  deniedCommand(t, hook, 'jobs', /Job\/migrate in makers belongs to no CronJob of a ProductionTarget/);
  const elsewhere = await stage.agent('POST', '/apis/batch/v1/namespaces/default/jobs', job('hook'));
  allowed(t, elsewhere);
});

test('denied: pods of a CronJob that was there before and that no target names; a ReplicationController is only stopped', async (t) => {
  const name = 'before';
  await must(stage.admin('POST', '/api/v1/namespaces', { metadata: { name } }));
  await must(stage.admin('POST', `/apis/batch/v1/namespaces/${name}/cronjobs`, cronJob('nightly', false)));
  await must(stage.admin('POST', `/api/v1/namespaces/${name}/replicationcontrollers`, replicationController('old')));
  const shop = await Production.open(stage, name, [deployment('web')]);
  const path = shop.apps('CronJob', 'nightly');
  denied(t, await stage.agent('PATCH', path, { spec: { schedule: '*/2 * * * *' } }), 'cron-jobs');
  allowed(t, await stage.agent('PATCH', path, { metadata: { labels: { a: 'b' } } }));
  const controller = await stage.withToken('kube-system', 'job-controller');
  const pod = {
    metadata: { ...((podTemplate as unknown as Json)['metadata'] as Json), name: 'nightly-1' },
    spec: podTemplate.spec,
  };
  denied(t, await controller('POST', `${shop.core('pods')}?dryRun=All`, pod), 'pods');
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
  await must(stage.admin('POST', `/apis/batch/v1/namespaces/${name}/jobs`, job('backfill')));
  const shop = await Production.open(stage, name, [deployment('web')]);
  const path = shop.apps('Job', 'backfill');
  allowed(t, await stage.agent('PATCH', path, { spec: { suspend: true } }));
  await shop.until('the controller says that it is suspended', async () =>
    JSON.stringify((await shop.read(path)) as unknown).includes('"Suspended"'),
  );
  allowed(t, await stage.agent('DELETE', `${path}?propagationPolicy=Background`));
});
