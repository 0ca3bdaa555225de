import test from 'ava';
import { waitFor } from '../harness/index.ts';
import { SteppedClock } from '../stage/clock.ts';
import { conditionOf, images } from '../stage/shop.ts';
import { deploymentPath, openPromotions, path, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';
import { mutator, Place, template, without } from '../stage/place.ts';

let stage: Stage;
const clock = new SteppedClock();

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess({}, clock.overrides);
});
test.after.always(() => stage?.stop());

const place = async (namespace: string, spec: Json = {}): Promise<Place> => {
  const here = await (await new Place(stage, namespace).empty()).runs('web', spec);
  await here.protect('web', ['web'], { rollback: { settle: '1s' } });
  await here.isReady();
  return here;
};
const lockRule = {
  apiGroups: ['twinlock.dev'],
  apiVersions: ['*'],
  resources: ['workloadlocks'],
  operations: ['CREATE', 'UPDATE'],
};
const sidecar = `[JSONPatch{op: "add", path: "/spec/approved/0/spec/template/spec/containers/-",
  value: Object{name: "evil", image: "${images.evil}"}}]`;

/** Pods that the lock refuses are let in while its policy is away. */
async function behindTheLock(act: () => Promise<unknown>): Promise<void> {
  const restore = await without(stage, 'twinlock-pods');
  await waitFor('it passes', async () =>
    act().then(
      () => true,
      () => false,
    ),
  );
  await restore();
}

test.serial('a pod that got in behind the lock is found and recorded once, and gone when it is deleted', async (t) => {
  const here = await place('planted');
  await behindTheLock(() =>
    stage.send('POST', here.core('pods'), {
      metadata: { name: 'debug', finalizers: ['example.com/kept'] },
      spec: { containers: [{ name: 'sh', image: images.evil }] },
    }),
  );
  const found = await here.target((target) => conditionOf(target, 'Tampered')?.status === 'True');
  t.regex(conditionOf(found, 'Ready')?.message ?? '', /Pod\/debug \(no workload that is approved made it\)/);
  const records = (await here.records()).filter(({ type }) => type === 'Tampered');
  t.deepEqual(
    records.flatMap(({ tampered = [] }) => tampered.map(({ kind, name }) => `${kind}/${name}`)),
    ['Pod/debug'],
  );
  await here.report('debug', { phase: 'Succeeded' }).catch(() => undefined);
  await here.nudge();
  t.is(conditionOf(await here.target(() => true), 'Tampered')?.status, 'True', 'a status proves nothing');
  await stage.cluster.request('DELETE', here.core('pods', 'debug'));
  await stage.send('PATCH', here.core('pods', 'debug'), { metadata: { finalizers: null } }).catch(() => undefined);
  await waitFor(
    'it is gone',
    async () => (await stage.cluster.request('GET', here.core('pods', 'debug'))).status === 404,
  );
  await here.target(({ status }) => status?.enforcement === 'Active', 'web', 40_000);
  await here.isReady();
  t.is((await here.records()).filter(({ type }) => type === 'Tampered').length, 1);
});

test.serial('pods of an ended approval have their grace period, and are reported when they outlive it', async (t) => {
  const here = await place('ended', template({}, { terminationGracePeriodSeconds: 300 }));
  await stage.send('POST', '/api/v1/namespaces', {
    metadata: { name: here.dev, labels: { 'twinlock.dev/environments': 'true' } },
  });
  await here.environment('pr-42', images.second);
  await here.promote('web-42', 'pr-42');
  await here.vote('web-42', stage.people.alice);
  await here.phase('web-42', 'Completed');
  stage.pods.outlive(images.second);
  const { name } = await waitFor('the one pod is of the new version', async (seen) => {
    const [pod, ...others] = await here.pods();
    seen(pod?.spec.containers);
    return others.length === 0 && pod?.spec.containers[0]?.['image'] === images.second && pod.metadata;
  });
  await stage.cluster.kubectl(['rollout', 'undo', 'deployment/web', '-n', 'ended'], {
    as: stage.people.bob.kubeconfig,
  });
  const message = await here.stuck('PodsEnding');
  t.true(message.startsWith('1 pod of content whose approval ended go'), message);
  t.true(message.includes(name));
  t.deepEqual(
    (await here.records()).filter(({ type }) => type === 'Tampered'),
    [],
  );
  // Its rollout had until later; since its ReplicaSet deleted it, it is its own grace that counts.
  const deleted = await waitFor('the pod is told to end', async () => {
    const { metadata } = await stage.send('GET', here.core('pods', name));
    return (metadata as { readonly deletionTimestamp?: string }).deletionTimestamp;
  });
  const until = new Date(Date.parse(deleted) + 10_000).toISOString().replace('.000Z', 'Z');
  await here.target((target) => conditionOf(target, 'Ready')?.message?.includes(until) === true);
  clock.pass(320_000);
  const found = await here.target((target) => conditionOf(target, 'Tampered')?.status === 'True', 'web', 40_000);
  clock.back();
  t.true((conditionOf(found, 'Ready')?.message ?? '').includes(`Pod/${name}`));
  t.is((await here.records()).filter(({ type }) => type === 'Tampered').length, 1);
});

test.serial('a workload without pods is not Ready, in the words of the quota', async (t) => {
  const here = await place('quota');
  await stage.cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none', namespace: 'quota' },
      spec: { hard: { pods: '0' } },
    },
  ]);
  const [pod] = await here.pods();
  await stage.send('DELETE', here.core('pods', pod?.metadata.name));
  const found = await here.target((target) => /exceeded quota: none/.test(conditionOf(target, 'Ready')?.message ?? ''));
  t.is(conditionOf(found, 'Ready')?.reason, 'NoPods');
  t.is(conditionOf(found, 'Stalled')?.status, 'True');
  await stage.send('PATCH', here.core('resourcequotas', 'none'), { spec: { hard: { pods: '5' } } });
  await stage.cluster.kubectl(['scale', 'deployment/web', '--replicas=2', '-n', 'quota']);
  await here.isReady();
});

test.serial('a workload whose pods do not become ready is not Ready, in the words of the kubelet', async (t) => {
  const here = await place('pulling');
  stage.pods.break(images.third);
  const [pod] = await here.pods();
  await stage.pods.report('pulling', pod?.metadata.name ?? '', {
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [
      {
        name: 'web',
        image: images.first,
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } },
      },
    ],
  });
  t.regex(await here.stuck('PodsNotReady'), /ImagePullBackOff: Back-off pulling image/);
});

test.serial(
  'denied: a lock that is changed on its way in protects nothing, and the target says what changes it',
  async (t) => {
    const here = await (await new Place(stage, 'poisoned').empty()).runs();
    const stop = await mutator(
      stage,
      'poison',
      'poisoned',
      lockRule,
      sidecar.replaceAll('Object{', '{').replace('{name:', '{"name":').replace(', image:', ', "image":'),
    );
    await waitFor('the policy is in force', async () => {
      const probe = { metadata: { name: 'lock' }, apiVersion: 'twinlock.dev/v1alpha1', kind: 'WorkloadLock' };
      const spec = {
        approved: [
          {
            kind: 'Deployment',
            name: 'x',
            role: 'Current',
            digest: `sha256:${'0'.repeat(64)}`,
            target: 'x',
            record: 'x',
            spec: { template: { spec: { containers: [] } } },
          },
        ],
      };
      const answer = await stage.cluster.request('POST', `${path('poisoned', 'workloadlocks')}?dryRun=All`, {
        body: { ...probe, spec },
        as: stage.accounts.promotions,
      });
      return JSON.stringify(answer.body).includes(images.evil);
    });
    await here.protect();
    t.regex(await here.stuck('LockChanged'), /MutatingAdmissionPolicy or webhook that matches workloadlocks/);
    t.is(await here.label(), undefined);
    const tampered = (await here.records()).filter(({ type }) => type === 'Tampered');
    t.deepEqual(
      tampered.flatMap(({ tampered: list = [] }) => list.map(({ kind }) => kind)),
      ['WorkloadLock'],
    );
    const { metadata } = await stage.send('GET', path('poisoned', 'workloadlocks', 'lock'));
    const version = (metadata as { readonly resourceVersion: string }).resourceVersion;
    await here.nudge();
    await here.target(({ status }) => status?.lastHandledReconcileAt !== undefined);
    const again = await stage.send('GET', path('poisoned', 'workloadlocks', 'lock'));
    t.is(
      (again['metadata'] as { readonly resourceVersion: string }).resourceVersion,
      version,
      'it is not written in a loop',
    );
    await stop();
    // A lock that came out otherwise than it was written is written again after a while.
    clock.pass(30_000);
    await here.isReady();
    clock.back();
    t.false(JSON.stringify(await here.lock()).includes(images.evil));
  },
);

test.serial('denied: an approved spec that is changed behind the operator is put right and recorded', async (t) => {
  const here = await place('forged');
  const restore = await without(stage, 'twinlock-operator-only');
  const evil = [{ name: 'web', image: images.evil }];
  await waitFor('the lock can be changed', async () => {
    const lock = await stage.send('GET', path('forged', 'workloadlocks', 'lock'));
    const spec = structuredClone(lock['spec']) as {
      approved: { spec: { template: { spec: Record<string, unknown> } } }[];
    };
    for (const entry of spec.approved) entry.spec.template.spec['containers'] = evil;
    const { status } = await stage.cluster.request('PUT', path('forged', 'workloadlocks', 'lock'), {
      body: { ...lock, spec },
    });
    return status === 200;
  });
  await waitFor('it is recorded', async (seen) => {
    const records = await here.records();
    seen(records.map(({ type }) => type));
    return records.some(({ tampered = [] }) => tampered.some(({ kind }) => kind === 'WorkloadLock'));
  });
  await waitFor('it is put right', async () => !JSON.stringify(await here.lock()).includes(images.evil));
  await restore();
  await here.isReady();
  const { status } = await stage.cluster.request('PATCH', deploymentPath('forged', 'web'), {
    body: { spec: { template: { spec: { containers: evil } } } },
    contentType: 'application/strategic-merge-patch+json',
  });
  t.is(status, 403);
});
