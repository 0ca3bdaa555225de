import test from 'ava';
import { allowed, denied, deniedCommand } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, replicaSet, workload, type Approved } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const nobody = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-4000-8000-000000000000' };
const claim = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};

async function replicaSetOf(shop: Production): Promise<Live> {
  await shop.pods(1);
  const { body } = await stage.admin('GET', shop.apps('ReplicaSet'));
  const [set] = (body as { readonly items: readonly Live[] }).items;
  if (set === undefined) throw new Error('no ReplicaSet');
  return set;
}

test('denied: deletion of workloads, ReplicaSets and claims, one by one and as a collection', async (t) => {
  const shop = await Production.open(stage, 'deleted', [
    deployment('web'),
    workload('StatefulSet', 'db'),
    workload('DaemonSet', 'agent'),
  ]);
  await must(stage.agent('POST', shop.core('persistentvolumeclaims'), claim));
  const set = await replicaSetOf(shop);
  const named = [
    shop.apps('Deployment', 'web'),
    shop.apps('StatefulSet', 'db'),
    shop.apps('DaemonSet', 'agent'),
    shop.apps('ReplicaSet', set.metadata.name),
    shop.core('persistentvolumeclaims', 'data'),
  ];
  for (const path of named) denied(t, await stage.agent('DELETE', path), 'delete', /may not be deleted/, path);
  for (const kind of ['Deployment', 'ReplicaSet']) denied(t, await stage.agent('DELETE', shop.apps(kind)), 'delete');
  const orphan = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Orphan' };
  denied(t, await stage.agent('DELETE', shop.apps('Deployment', 'web'), orphan), 'delete');
  t.is((await stage.admin('GET', shop.apps('Deployment', 'web'))).status, 200);
});

test('denied: deletion in the name of the garbage collector, by impersonation', async (t) => {
  const shop = await Production.open(stage, 'collected');
  const headers = { 'impersonate-user': 'system:serviceaccount:kube-system:generic-garbage-collector' };
  denied(t, await stage.agent('DELETE', shop.apps('Deployment', 'web'), undefined, { headers }), 'delete');
});

test('denied: an owner that does not exist, which would make the garbage collector delete', async (t) => {
  const shop = await Production.open(stage, 'owned');
  await must(stage.agent('POST', shop.core('persistentvolumeclaims'), claim));
  const change = { metadata: { ownerReferences: [nobody] } };
  denied(t, await stage.agent('PATCH', shop.apps('Deployment', 'web'), change), 'workloads', /given an owner/);
  denied(
    t,
    await stage.agent('PATCH', shop.core('persistentvolumeclaims', 'data'), change),
    'delete',
    /given an owner/,
  );
  allowed(
    t,
    await stage.agent('PATCH', shop.core('persistentvolumeclaims', 'data'), { metadata: { labels: { a: 'b' } } }),
  );
});

test('denied: what a promotion makes, made a moment earlier by somebody with an owner that lets it be deleted later', async (t) => {
  const shop = await Production.open(stage, 'owned-at-birth');
  const [web] = (await shop.read(shop.own('workloadlocks', 'lock'))).spec['approved'] as readonly Approved[];
  if (web === undefined) throw new Error('one is approved');
  await shop.approve([web, { ...web, name: 'worker' }]);
  const worker = { ...deployment('worker'), spec: web.spec };
  const path = shop.apps('Deployment');
  await shop.until('the lock has reached admission', async () => {
    const { status } = await stage.agent('POST', `${path}?dryRun=All`, worker);
    return status === 201;
  });
  const owned = { ...worker, metadata: { name: 'worker', ownerReferences: [nobody] } };
  denied(t, await stage.agent('POST', path, owned), 'workloads', /given an owner/);
});

test('denied: the finalizer by which pods of what people sign away would be left behind', async (t) => {
  const shop = await Production.open(stage, 'left-behind');
  const set = await replicaSetOf(shop);
  const orphan = { metadata: { finalizers: ['orphan'] } };
  denied(t, await stage.agent('PATCH', shop.apps('Deployment', 'web'), orphan), 'workloads', /finalizer orphan/);
  const at = shop.apps('ReplicaSet', set.metadata.name);
  denied(t, await stage.agent('PATCH', at, orphan), 'replicasets', /finalizer orphan/);
  allowed(t, await stage.agent('PATCH', at, { metadata: { finalizers: ['example.com/audit'] } }));
  allowed(t, await stage.agent('PATCH', at, { metadata: { finalizers: null } }));
});

test('allowed: a namespace that was unprotected goes with all that is in it', async (t) => {
  const shop = await Production.open(stage, 'going');
  await must(stage.agent('POST', shop.core('persistentvolumeclaims'), claim));
  await shop.pods(1);
  const path = `/api/v1/namespaces/${shop.namespace}`;
  denied(t, await stage.wildcard('DELETE', path), 'guard-namespaces', /verb unprotect/);
  allowed(t, await stage.admin('PATCH', path, { metadata: { annotations: { 'twinlock.dev/unprotect': 'going' } } }));
  allowed(t, await stage.admin('DELETE', path));
  // Nothing finishes the deletion of pods without a kubelet, so they are removed as it would.
  await shop.until('the namespace is gone', async () => {
    const { body } = await stage.admin('GET', shop.core('pods'));
    for (const pod of (body as { readonly items?: readonly Live[] }).items ?? []) {
      await stage.admin('DELETE', `${shop.core('pods', pod.metadata.name)}?gracePeriodSeconds=0`);
    }
    return (await stage.admin('GET', path)).status === 404;
  });
  t.is((await stage.admin('GET', path)).status, 404);
});

const deletion = (propagationPolicy: string): Json => ({
  kind: 'DeleteOptions',
  apiVersion: 'v1',
  propagationPolicy,
});

test('denied: removal of what is approved, by the promotions process too; allowed: of what people signed away', async (t) => {
  const shop = await Production.open(stage, 'signed-away', [deployment('web'), deployment('worker')]);
  await must(stage.admin('POST', shop.core('persistentvolumeclaims'), claim));
  const [web, worker] = [shop.apps('Deployment', 'web'), shop.apps('Deployment', 'worker')];
  const approved = (await shop.read(shop.own('workloadlocks', 'lock'))).spec['approved'] as readonly Approved[];
  const [first, second] = approved;
  if (first === undefined || second === undefined) throw new Error('two are approved');

  denied(t, await stage.promotions('DELETE', worker), 'removal', /is approved to run here/);
  // A fallback beside what is current is there to roll back to.
  await shop.approve([first, second, { ...second, role: 'Fallback' }]);
  denied(t, await stage.promotions('DELETE', worker), 'removal');
  await shop.approve([first, { ...second, role: 'Fallback' }]);
  await shop.until('the lock has reached admission', async () => {
    const { status } = await stage.promotions('DELETE', `${worker}?dryRun=All`);
    return status === 200;
  });
  const impostor = await stage.withToken('twinlock-system', 'twinlock-promotions');
  for (const [who, send] of Object.entries({ agent: stage.agent, wildcard: stage.wildcard, impostor }))
    denied(t, await send('DELETE', worker), 'delete', /may not be deleted/, who);
  denied(t, await stage.promotions('DELETE', web), 'removal', /is approved to run here/);
  denied(t, await stage.promotions('DELETE', worker, deletion('Orphan')), 'delete');

  // Nor does it come back as something else, or by who may not roll back.
  allowed(t, await stage.promotions('DELETE', worker, deletion('Background')));
  await shop.until('it is gone', async () => (await stage.admin('GET', worker)).status === 404);
  const back = { ...deployment('worker'), spec: { ...second.spec, replicas: 1 } };
  denied(t, await stage.agent('POST', shop.apps('Deployment'), back), 'workloads', /needs the verb rollback/);
  denied(
    t,
    await stage.promotions('POST', shop.apps('Deployment'), deployment('worker', { paused: true })),
    'workloads',
  );
  allowed(t, await stage.promotions('POST', shop.apps('Deployment'), back));
});

test('denied: production scaled away, by each door', async (t) => {
  const shop = await Production.open(
    stage,
    'scaled',
    [deployment('web', { replicas: 3 }), workload('StatefulSet', 'db', { replicas: 2 })],
    { entry: { minReplicas: 2 } },
  );
  const zero = { spec: { replicas: 0 } };
  for (const path of [shop.apps('Deployment', 'web'), shop.apps('StatefulSet', 'db')]) {
    denied(t, await stage.agent('PATCH', path, zero), 'workloads', /below minReplicas/, path);
    denied(t, await stage.agent('PATCH', `${path}/scale`, zero), 'scale', /below minReplicas/, path);
    denied(t, await stage.agent('PATCH', `${path}/scale`, { spec: { replicas: 1 } }), 'scale', /1 replicas/, path);
    allowed(t, await stage.agent('PATCH', `${path}/scale`, { spec: { replicas: 2 } }));
    allowed(t, await stage.agent('PATCH', path, { spec: { replicas: 4 } }));
  }
  const scale = await stage.cluster.kubectl(['-n', shop.namespace, 'scale', 'deployment/web', '--replicas=0'], {
    as: stage.files.agent,
    check: false,
  });
  deniedCommand(t, scale, 'scale');
});

test('allowed: a workload that was adopted with fewer replicas than its target asks for may grow and change', async (t) => {
  const shop = await Production.open(stage, 'small', [deployment('web', { replicas: 1 })], {
    entry: { minReplicas: 3 },
  });
  const path = shop.apps('Deployment', 'web');
  allowed(t, await stage.agent('PATCH', path, { metadata: { labels: { a: 'b' } } }));
  allowed(t, await stage.agent('PATCH', path, { spec: { replicas: 2 } }));
  denied(t, await stage.agent('PATCH', path, { spec: { replicas: 1 } }), 'workloads', /below minReplicas/);
});

test('denied: ReplicaSets made, scaled, relabelled or freed by hand', async (t) => {
  const shop = await Production.open(stage, 'replicasets');
  const set = await replicaSetOf(shop);
  const path = shop.apps('ReplicaSet', set.metadata.name);
  denied(t, await stage.agent('POST', shop.apps('ReplicaSet'), replicaSet('web-by-hand')), 'replicasets');
  const changes: readonly Json[] = [
    { spec: { replicas: 5 } },
    { spec: { minReadySeconds: 5 } },
    { metadata: { labels: { 'pod-template-hash': 'x' } } },
    { metadata: { ownerReferences: null } },
  ];
  for (const change of changes)
    denied(t, await stage.agent('PATCH', path, change), 'replicasets', undefined, JSON.stringify(change));
  denied(t, await stage.agent('PATCH', `${path}/scale`, { spec: { replicas: 5 } }), 'replicasets');
  allowed(t, await stage.agent('PATCH', path, { metadata: { annotations: { note: 'x' } } }));
  allowed(t, await stage.agent('PATCH', `${shop.apps('Deployment', 'web')}/scale`, { spec: { replicas: 2 } }));
  t.is((await shop.pods(2)).length, 2, 'the Deployment controller scales it');
});

test('denied: a status that says that a rollout went well; allowed: that of the controller', async (t) => {
  const shop = await Production.open(stage, 'status-forged');
  const path = `${shop.apps('Deployment', 'web')}/status`;
  denied(t, await stage.wildcard('PATCH', path, { status: { observedGeneration: 99 } }), 'workload-status');
  await shop.until('the controller reports', async () => {
    const { body } = await stage.admin('GET', path);
    return (body as { readonly status?: { readonly observedGeneration?: number } }).status?.observedGeneration === 1;
  });
});

test('denied: an EndpointSlice or Endpoints that take the traffic; allowed: those of the controller', async (t) => {
  const shop = await Production.open(stage, 'routed');
  const slice = {
    metadata: { name: 'web-mine', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['203.0.113.9'] }],
    ports: [{ port: 80 }],
  };
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${shop.namespace}/endpointslices`;
  denied(t, await stage.wildcard('POST', slices, slice), 'routing');
  denied(t, await stage.wildcard('POST', shop.core('endpoints'), { metadata: { name: 'web' } }), 'routing');
  await must(
    stage.agent('POST', shop.core('services'), {
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    }),
  );
  await shop.until('the controller writes its slice', async () => {
    const { body } = await stage.admin('GET', slices);
    return (body as { readonly items: readonly unknown[] }).items.length === 1;
  });
});
