import test from 'ava';
import type { WorkloadLock } from '../../operator/api/index.ts';
import type { RunningProcess } from '../../operator/processes/options.ts';
import { waitFor } from '../harness/index.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { deploymentPath, must, openPromotions, path, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
let operator: RunningProcess;
const policies = '/apis/admissionregistration.k8s.io/v1';

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  operator = await stage.startProcess();
});
test.after.always(() => stage?.stop());

async function shop(namespace: string): Promise<Shop> {
  const opened = await new Shop(stage, namespace).open();
  return opened.ready();
}

/** A shop whose production runs `images.second` by promotion, with `images.first` as its fallback. */
async function promoted(namespace: string): Promise<Shop> {
  const place = await shop(namespace);
  await place.environment('pr-42', images.second);
  await place.promote('web-42', 'pr-42');
  await place.vote('web-42', stage.people.alice);
  await place.phase('web-42', 'Completed');
  return place;
}

const label = async (namespace: string): Promise<unknown> => {
  const object = await stage.send('GET', `/api/v1/namespaces/${namespace}`);
  return (object['metadata'] as { readonly labels: Json }).labels['twinlock.dev/protected'];
};

async function metric(name: string): Promise<string> {
  const answer = await fetch(`http://${operator.health.host}:${operator.health.port}/metrics`);
  const text = await answer.text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .join('\n');
}

test.serial('live content is adopted, unsigned and called so, before anything can be promoted', async (t) => {
  const place = await shop('adopted');
  const [record, ...others] = await place.records();
  t.is(record?.type, 'Adopted');
  t.deepEqual(others, []);
  t.is(await label('adopted'), 'true');
  const target = await place.target(() => true);
  t.is(target.status?.current?.[0]?.specDigest, record?.currentSpecs?.[0]?.digest);
  const edit = await stage.cluster.request('PATCH', deploymentPath('adopted', 'web'), {
    body: { spec: { template: { spec: { containers: [{ name: 'web', image: images.evil }] } } } },
    contentType: 'application/strategic-merge-patch+json',
  });
  t.is(edit.status, 403);
});

test.serial('a namespace that also runs what no target names is not protected, and a condition names it', async (t) => {
  const place = new Shop(stage, 'mixed');
  await stage.send('POST', '/api/v1/namespaces', { metadata: { name: 'mixed' } });
  await stage.send('POST', deploymentPath('mixed'), place.deployment('stranger'));
  await stage.send('POST', deploymentPath('mixed'), place.deployment('web'));
  await stage.send('POST', path('mixed', 'productiontargets'), targetOf('web', 'web'));
  const stuck = await place.target((target) => conditionOf(target, 'Stalled')?.status === 'True');
  t.is(conditionOf(stuck, 'Ready')?.reason, 'UnnamedWorkloads');
  t.regex(conditionOf(stuck, 'Ready')?.message ?? '', /Deployment\/stranger/);
  t.is(await label('mixed'), undefined);
  await stage.send('DELETE', deploymentPath('mixed', 'stranger'));
  await place.target((target) => conditionOf(target, 'Ready')?.status === 'True', 'web', 40_000);
  t.is(await label('mixed'), 'true');
});

test.serial('a bare pod that matches no approved template keeps a namespace from being protected', async (t) => {
  const place = new Shop(stage, 'bare');
  await stage.send('POST', '/api/v1/namespaces', { metadata: { name: 'bare' } });
  await waitFor(
    'the default service account',
    async () => (await stage.cluster.request('GET', '/api/v1/namespaces/bare/serviceaccounts/default')).status === 200,
  );
  await stage.send('POST', '/api/v1/namespaces/bare/pods', {
    metadata: { name: 'debug' },
    spec: { containers: [{ name: 'sh', image: 'busybox' }] },
  });
  await stage.send('POST', deploymentPath('bare'), place.deployment('web'));
  await stage.send('POST', path('bare', 'productiontargets'), targetOf('web', 'web'));
  const stuck = await place.target((target) => conditionOf(target, 'Stalled')?.status === 'True');
  t.is(conditionOf(stuck, 'Ready')?.reason, 'ForeignPods');
  t.regex(conditionOf(stuck, 'Ready')?.message ?? '', /debug/);
});

test.serial('a second target over the same workload gets nothing: the first one stands', async (t) => {
  const place = await shop('twice');
  await stage.send('POST', path('twice', 'productiontargets'), targetOf('weaker', 'web'));
  const weaker = await place.target((target) => conditionOf(target, 'Stalled')?.status === 'True', 'weaker');
  t.is(conditionOf(weaker, 'Ready')?.reason, 'WorkloadTaken');
  t.is(conditionOf(await place.target(() => true), 'Ready')?.status, 'True');
});

test.serial('with its last target gone a namespace is a namespace again, and can be protected anew', async (t) => {
  const place = await shop('released');
  const asked = { metadata: { annotations: { 'twinlock.dev/unprotect': 'web' } } };
  await stage.send('PATCH', path('released', 'productiontargets', 'web'), asked);
  await stage.send('DELETE', path('released', 'productiontargets', 'web'));
  await waitFor(
    'the lock is gone',
    async () => (await stage.cluster.request('GET', path('released', 'workloadlocks', 'lock'))).status === 404,
  );
  t.is(await label('released'), undefined);
  await stage.send('POST', path('released', 'productiontargets'), targetOf('web', 'web', 'worker'));
  await place.target((target) => conditionOf(target, 'Ready')?.status === 'True');
  t.deepEqual(
    (await place.records()).map(({ type }) => type),
    ['Adopted', 'Adopted'],
  );
});

test.serial("the on-call's undo works with the operator down, and is taken over when it is back", async (t) => {
  const place = await promoted('undone');
  await operator.stop();
  await stage.cluster.kubectl(['rollout', 'undo', 'deployment/web', '-n', 'undone'], {
    as: stage.people.bob.kubeconfig,
  });
  t.is(await place.image('web'), images.first);
  const { metadata } = await place.live();
  operator = await stage.startProcess();
  const back = await place.phase('web-42', 'RolledBack');
  t.is(conditionOf(back, 'Ready')?.reason, 'Undone');
  await place.target(({ status }) => status?.current?.[0]?.images?.[0]?.image === images.first);
  const lock = (await stage.send('GET', path('undone', 'workloadlocks', 'lock'))) as unknown as WorkloadLock;
  t.deepEqual(
    lock.spec.approved.map(({ name, role }) => `${name}/${role}`),
    ['web/Current', 'worker/Current', 'worker/Fallback'],
  );
  t.is(await place.image('worker'), images.second, 'what nobody undid stays');
  t.is((await place.live()).metadata.generation, metadata.generation, 'nothing was applied again');
  t.is((await place.records()).at(-1)?.outcome?.result, 'RolledBack');
});

test.serial('content that nobody approved is recorded once, shown, and stops promotions', async (t) => {
  const place = await shop('tampered');
  const binding = `${policies}/validatingadmissionpolicybindings/twinlock-workloads`;
  const saved = await stage.send('GET', binding);
  await stage.send('DELETE', binding);
  await waitFor('the edit passes', async () => {
    const { status } = await stage.cluster.request('PATCH', deploymentPath('tampered', 'web'), {
      body: { spec: { template: { spec: { containers: [{ name: 'web', image: images.evil }] } } } },
      contentType: 'application/strategic-merge-patch+json',
    });
    return status === 200;
  });
  const found = await place.target((target) => conditionOf(target, 'Tampered')?.status === 'True');
  t.is(conditionOf(found, 'Ready')?.reason, 'Tampered');
  await place.environment('pr-42', images.second);
  await place.promote('web-42', 'pr-42');
  await restore(saved);
  await place.target(({ status }) => status?.enforcement === 'Active', 'web', 40_000);
  const stopped = await place.promotion(
    'web-42',
    (promotion) => conditionOf(promotion, 'Stalled')?.reason === 'Tampered',
  );
  t.is(stopped.status?.approval, undefined, 'no vote is asked for');
  t.is((await place.records()).filter(({ type }) => type === 'Tampered').length, 1);
  t.regex(await metric('twinlock_tampered_total'), / 1$/);
  await stage.cluster.kubectl(['rollout', 'undo', 'deployment/web', '-n', 'tampered'], {
    as: stage.people.bob.kubeconfig,
  });
  await place.target((target) => conditionOf(target, 'Ready')?.status === 'True');
  await place.phase('web-42', 'AwaitingApproval');
});

test.serial(
  'the canary notices a removed policy: enforcement is inactive, nothing rolls out until it is back',
  async (t) => {
    const place = await shop('canary');
    await place.environment('pr-42', images.second);
    await place.promote('web-42', 'pr-42');
    await place.phase('web-42', 'AwaitingApproval');
    const binding = `${policies}/validatingadmissionpolicybindings/twinlock-pods`;
    const saved = await stage.send('GET', binding);
    await stage.send('DELETE', binding);
    const open = await place.target(({ status }) => status?.enforcement === 'Inactive', 'web', 5000);
    t.regex(conditionOf(open, 'Enforced')?.message ?? '', /ValidatingAdmissionPolicyBinding twinlock-pods is missing/);
    t.regex(await metric('twinlock_enforcement_active{target="canary/web"}'), / 0$/);
    await place.promotion('web-42', (promotion) => conditionOf(promotion, 'Stalled')?.reason === 'EnforcementInactive');
    t.is(await place.image(), images.first);
    await restore(saved);
    await place.target(({ status }) => status?.enforcement === 'Active', 'web', 40_000);
    await place.vote('web-42', stage.people.alice);
    await place.phase('web-42', 'Completed');
  },
);

test.serial('a lock that an administrator deleted is made again from what was approved', async (t) => {
  const place = await promoted('lost');
  // The guard refuses everybody: it is taken off as one may who deletes admission policies.
  const binding = `${policies}/validatingadmissionpolicybindings/twinlock-operator-only`;
  const saved = await stage.send('GET', binding);
  await stage.send('DELETE', binding);
  await waitFor(
    'the lock can be deleted',
    async () => (await stage.cluster.request('DELETE', path('lost', 'workloadlocks', 'lock'))).status === 200,
  );
  await waitFor(
    'the lock is there again',
    async () => (await stage.cluster.request('GET', path('lost', 'workloadlocks', 'lock'))).status === 200,
  );
  await restore(saved);
  await place.target(({ status }) => status?.current?.[0]?.images?.[0]?.image === images.second);
  t.is(await place.image(), images.second);
});

test.serial('a label that was taken off comes back', async (t) => {
  const place = await shop('label');
  const asked = { annotations: { 'twinlock.dev/unprotect': 'label' } };
  await stage.send('PATCH', '/api/v1/namespaces/label', { metadata: asked });
  await stage.send('PATCH', '/api/v1/namespaces/label', { metadata: { labels: { 'twinlock.dev/protected': null } } });
  await waitFor('the label is there again', async () => (await label('label')) === 'true');
  const target = await place.target((now) => conditionOf(now, 'Ready')?.status === 'True');
  t.is(target.status?.enforcement, 'Active');
});

function targetOf(name: string, ...workloads: readonly string[]): object {
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ProductionTarget',
    metadata: { name },
    spec: { workloads: workloads.map((workload) => ({ kind: 'Deployment', name: workload })) },
  };
}

async function restore(object: Json): Promise<void> {
  const { name } = object['metadata'] as { readonly name: string };
  const answer = await stage.cluster.request('POST', `${policies}/validatingadmissionpolicybindings`, {
    body: { apiVersion: object['apiVersion'], kind: object['kind'], metadata: { name }, spec: object['spec'] },
  });
  must(answer, `binding ${name}`);
}
