import test from 'ava';
import type { Answer, RequestOptions } from '../harness/index.ts';
import { denied } from './assert.ts';
import { Production } from '../stage/production.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { deployment, images, lock, pod, replicaSet, template, workload } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack({ overgranted: ['promotions'] });
});
test.after.always(async () => {
  await stage?.stop();
});

const evil = template('web', { containers: [{ name: 'web', image: images.evil }] });
const gone = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-4000-8000-000000000000' };

const as = (name: string): RequestOptions => ({ headers: { 'impersonate-user': `system:serviceaccount:${name}` } });

/** What production is: specs of workloads and pods, the lock, the labels of the namespace. */
async function snapshot(shop: Production): Promise<Json> {
  const list = async (path: string): Promise<unknown> =>
    (await shop.list(path)).map(({ metadata, spec }) => ({ name: metadata.name, labels: metadata['labels'], spec }));
  const { spec } = await shop.read(shop.own('workloadlocks', 'lock'));
  const { metadata } = await shop.read(`/api/v1/namespaces/${shop.namespace}`);
  return {
    deployments: await list(shop.apps('Deployment')),
    replicaSets: await list(shop.apps('ReplicaSet')),
    pods: await list(shop.core('pods')),
    lock: spec,
    labels: metadata['labels'],
  };
}

test('denied: an agent with every verb on core, apps and batch, with the operator stopped; production stays as it was', async (t) => {
  const shop = await Production.open(stage, 'wild');
  const [live] = await shop.pods(1);
  const [{ metadata: set } = { metadata: { name: '' } }] = await shop.list(shop.apps('ReplicaSet'));
  const [web, one] = [shop.apps('Deployment', 'web'), shop.core('pods', live?.metadata.name)];
  const [send, protectedNamespace] = [stage.wildcard, `/api/v1/namespaces/${shop.namespace}`];
  const containers = ((live?.spec['containers'] ?? []) as readonly Json[]).map((c) => ({ ...c, image: images.evil }));
  const before = await snapshot(shop);
  const attempts: Readonly<Record<string, () => Promise<Answer>>> = {
    'another template': () => send('PATCH', web, { spec: { template: evil } }),
    'another template by replace': () =>
      send('PUT', web, { ...deployment('web', { template: evil }), metadata: { name: 'web' } }),
    'a Deployment beside': () =>
      send(
        'POST',
        shop.apps('Deployment'),
        deployment('web2', { selector: { matchLabels: { app: 'web' } }, template: evil }),
      ),
    'a StatefulSet beside': () => send('POST', shop.apps('StatefulSet'), workload('StatefulSet', 'web2')),
    'a DaemonSet beside': () => send('POST', shop.apps('DaemonSet'), workload('DaemonSet', 'web2')),
    'a ReplicaSet beside': () => send('POST', shop.apps('ReplicaSet'), replicaSet('web2')),
    'a ReplicaSet scaled': () => send('PATCH', `${shop.apps('ReplicaSet', set.name)}/scale`, { spec: { replicas: 9 } }),
    'a ReplicaSet with another template': () =>
      send('PATCH', shop.apps('ReplicaSet', set.name), { spec: { template: evil } }),
    'a bare pod': () => send('POST', shop.core('pods'), pod('mine')),
    'another image in a pod': () => send('PATCH', one, { spec: { containers } }),
    'labels of a pod': () => send('PATCH', one, { metadata: { labels: { app: 'x' } } }),
    'labels of a pod by status': () => send('PATCH', `${one}/status`, { metadata: { labels: { app: 'x' } } }),
    exec: () => send('POST', `${one}/exec?command=id&stdout=true`),
    'a debugger': () =>
      send('PATCH', `${one}/ephemeralcontainers`, {
        spec: { ephemeralContainers: [{ name: 'x', image: images.evil }] },
      }),
    'the Deployment deleted': () => send('DELETE', web),
    'all Deployments deleted': () => send('DELETE', shop.apps('Deployment')),
    'a false owner': () => send('PATCH', web, { metadata: { ownerReferences: [gone] } }),
    'no replicas': () => send('PATCH', `${web}/scale`, { spec: { replicas: 0 } }),
    'the pause': () => send('PATCH', web, { spec: { paused: true } }),
    'a false status': () => send('PATCH', `${web}/status`, { status: { observedGeneration: 99 } }),
    'the label removed': () =>
      send('PATCH', protectedNamespace, { metadata: { labels: { 'twinlock.dev/protected': null } } }),
    'the namespace deleted': () => send('DELETE', protectedNamespace),
    'the lock opened': () => send('PATCH', shop.own('workloadlocks', 'lock'), { spec: { liveAccess: 'Allow' } }),
    'the lock emptied': () => send('PATCH', shop.own('workloadlocks', 'lock'), lock(shop.namespace, [])),
    'the lock deleted': () => send('DELETE', shop.own('workloadlocks', 'lock')),
    'the lock as the operator': () =>
      send(
        'PATCH',
        shop.own('workloadlocks', 'lock'),
        { spec: { liveAccess: 'Allow' } },
        as('twinlock-system:twinlock-promotions'),
      ),
    'a ReplicaSet as a controller': () =>
      send('POST', shop.apps('ReplicaSet'), replicaSet('web2'), as('kube-system:deployment-controller')),
    'a bare pod as a controller': () =>
      send('POST', shop.core('pods'), pod('mine'), as('kube-system:replicaset-controller')),
    'the definition deleted': () =>
      send('DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/workloadlocks.twinlock.dev'),
    'a token of the operator': () =>
      send('POST', '/api/v1/namespaces/twinlock-system/serviceaccounts/twinlock-promotions/token', { spec: {} }),
    "a token of Kubernetes' namespace controller": () =>
      send('POST', '/api/v1/namespaces/kube-system/serviceaccounts/namespace-controller/token', { spec: {} }),
    'a token of the garbage collector': () =>
      send('POST', '/api/v1/namespaces/kube-system/serviceaccounts/generic-garbage-collector/token', { spec: {} }),
    "a Secret with a controller's token": () =>
      send('POST', '/api/v1/namespaces/kube-system/secrets', {
        metadata: { name: 'x', annotations: { 'kubernetes.io/service-account.name': 'namespace-controller' } },
        type: 'kubernetes.io/service-account-token',
      }),
    "a pod with a controller's account": () =>
      send('POST', '/api/v1/namespaces/kube-system/pods', pod('x', { serviceAccountName: 'replicaset-controller' })),
    'a Service that the front door dials': () =>
      send('POST', shop.core('services'), {
        metadata: { name: 'twinlock-boundary' },
        spec: { type: 'ExternalName', externalName: 'evil.example' },
      }),
    'the operator deleted': () => send('DELETE', '/api/v1/namespaces/twinlock-system'),
  };
  const rules =
    'workloads|pods|pods-live|live-access|delete|replicasets|scale|workload-status|operator-only|guard-namespaces|guard-definitions|guard-system|guard-controllers|boundary';
  for (const [what, attempt] of Object.entries(attempts)) denied(t, await attempt(), rules, undefined, what);
  t.deepEqual(await snapshot(shop), before);
});

test.serial('denied: a change that is tried over and over while the API server is killed and comes back', async (t) => {
  const shop = await Production.open(stage, 'restarted');
  const path = shop.apps('Deployment', 'web');
  const before = await shop.read(path);
  await stage.cluster.killApiServer();
  const over = new AbortController();
  const seen: number[] = [];
  const attacker = async (): Promise<void> => {
    while (!over.signal.aborted) {
      // No answer while it is down; the next try may be the first that it takes.
      const answer = await stage.agent('PATCH', path, { spec: { template: evil } }).catch(() => undefined);
      if (answer !== undefined) seen.push(answer.status);
    }
  };
  const attack = attacker();
  await stage.cluster.startApiServer();
  await shop.until('the lock refuses again', async () => {
    const answer = await stage.agent('PATCH', path, { spec: { minReadySeconds: 1 } });
    return JSON.stringify(answer.body).includes('twinlock-workloads');
  });
  over.abort();
  await attack;
  t.true(seen.length > 0);
  t.deepEqual(
    seen.filter((status) => status < 400),
    [],
    'not one was let in',
  );
  t.deepEqual((await shop.read(path)).spec, before.spec);
});
