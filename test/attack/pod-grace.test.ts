import test from 'ava';
import { waitFor } from '../harness/index.ts';
import { allowed, denied, deniedCommand } from './assert.ts';
import { words } from './life-page.ts';
import { Node, type Pod } from './node.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Send, type Stage } from '../stage/attack.ts';
import { deployment, template } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
let node: Node;
test.before(async () => {
  stage = await openAttack();
  node = await Node.open(stage, 'node-1');
});
test.after.always(async () => {
  await stage?.stop();
});

const YEAR = 31_536_000;

interface Running {
  readonly shop: Production;
  readonly pod: Pod;
  readonly path: string;
}

/** A namespace whose one pod runs on the node; `grace` is its own. */
async function running(name: string, grace?: number): Promise<Running> {
  const own = grace === undefined ? {} : { terminationGracePeriodSeconds: grace };
  const shop = await Production.open(stage, name, [deployment('web', { template: template('web', own) })]);
  const [first] = await shop.pods(1);
  if (first === undefined) throw new Error('no pod');
  const pod = await node.run(shop, first);
  return { shop, pod, path: shop.core('pods', pod.metadata.name) };
}

const graceOf = async (shop: Production, name: string): Promise<unknown> =>
  (await node.read(shop, name)).metadata['deletionGracePeriodSeconds'];

test('denied: a pod that is given a year to end, one by one, as a collection, by body and as a dry run', async (t) => {
  const { shop, path } = await running('long');
  for (const send of [stage.agent, stage.wildcard, stage.oncall, stage.admin]) {
    denied(
      t,
      await send('DELETE', `${path}?gracePeriodSeconds=${YEAR}`),
      'pod-deletion',
      /its own grace of 30 seconds/,
    );
  }
  denied(t, await stage.agent('DELETE', path, { gracePeriodSeconds: 31 }), 'pod-deletion', /not 31/);
  denied(t, await stage.agent('DELETE', `${path}?gracePeriodSeconds=31&dryRun=All`), 'pod-deletion');
  denied(t, await stage.wildcard('DELETE', `${shop.core('pods')}?gracePeriodSeconds=${YEAR}`), 'pod-deletion');
  for (const policy of ['Orphan', 'Foreground']) {
    const options = { gracePeriodSeconds: YEAR, propagationPolicy: policy };
    denied(t, await stage.wildcard('DELETE', path, options), 'pod-deletion', undefined, policy);
  }
  t.is((await shop.read(path)).metadata['deletionTimestamp'], undefined);
});

test('denied: what outlived its approval unseen: a year of grace, then the object taken away, by stock kubectl', async (t) => {
  const { shop, pod } = await running('outlived');
  const run = (as: string, ...args: string[]) =>
    stage.cluster.kubectl(['-n', shop.namespace, 'delete', 'pod', pod.metadata.name, '--wait=false', ...args], {
      as,
      check: false,
    });
  deniedCommand(t, await run(stage.files.agent, `--grace-period=${YEAR}`), 'pod-deletion');
  deniedCommand(t, await run(stage.files.agent, '--force'), 'pod-deletion', /leave out --force/);
  deniedCommand(t, await run(stage.files.wildcard, '--grace-period=0', '--force'), 'pod-deletion');
  const honest = await run(stage.files.agent);
  t.is(honest.code, 0, honest.stderr);
  t.is(await graceOf(shop, pod.metadata.name), 30);
  // It is terminating now: neither longer nor away.
  deniedCommand(t, await run(stage.files.agent, '--force'), 'pod-deletion');
  await run(stage.files.wildcard, `--grace-period=${YEAR}`);
  t.is(await graceOf(shop, pod.metadata.name), 30);
  const oncall = await run(stage.files.oncall, '--force');
  t.is(oncall.code, 0, oncall.stderr);
});

test('allowed: a pod that ends within its own grace, the shorter the sooner', async (t) => {
  const { shop, path, pod } = await running('short', 600);
  allowed(t, await stage.agent('DELETE', `${path}?gracePeriodSeconds=600`));
  t.is(await graceOf(shop, pod.metadata.name), 600);
  allowed(t, await stage.agent('DELETE', `${path}?gracePeriodSeconds=5`));
  t.is(await graceOf(shop, pod.metadata.name), 5);
  denied(t, await stage.wildcard('DELETE', `${path}?gracePeriodSeconds=0`), 'pod-deletion', /verb rollback/);
  allowed(t, await node.send('DELETE', path, { gracePeriodSeconds: 0 }));
  t.is((await stage.admin('GET', path)).status, 404);
});

test('allowed: a collection of pods without a word about grace; denied: with less than nothing', async (t) => {
  const { shop, pod } = await running('collected');
  denied(t, await stage.wildcard('DELETE', `${shop.core('pods')}?gracePeriodSeconds=-1`), 'pod-deletion');
  denied(t, await stage.wildcard('DELETE', `${shop.core('pods')}?gracePeriodSeconds=0`), 'pod-deletion');
  allowed(t, await stage.agent('DELETE', shop.core('pods')));
  t.is(await graceOf(shop, pod.metadata.name), 30);
});

test('allowed: pods that run nothing go at once: without a node, or ended', async (t) => {
  const shop = await Production.open(stage, 'unscheduled');
  const [waiting] = await shop.pods(1);
  allowed(t, await stage.agent('DELETE', `${shop.core('pods', waiting?.metadata.name)}?gracePeriodSeconds=0`));
  const { path } = await running('ended');
  const status = { status: { phase: 'Failed' } };
  const merge = { contentType: 'application/merge-patch+json' };
  denied(
    t,
    await stage.wildcard('PATCH', `${path}/status`, status, merge),
    'pods-live|pod-writers',
    /from its kubelet/,
  );
  allowed(t, await node.send('PATCH', `${path}/status`, status));
  allowed(t, await stage.agent('DELETE', path));
  t.is((await stage.admin('GET', path)).status, 404);
});

test('allowed: a pod whose own grace is 0 is deleted by who may delete pods', async (t) => {
  const { path } = await running('graceless', 0);
  denied(t, await stage.agent('DELETE', `${path}?gracePeriodSeconds=1`), 'pod-deletion', /its own grace of 0/);
  allowed(t, await stage.agent('DELETE', path));
});

test('allowed: the pod garbage collector ends pods of lost nodes; denied: every other controller and account', async (t) => {
  const { path } = await running('lost');
  for (const account of ['replicaset-controller', 'generic-garbage-collector', 'node-controller', 'job-controller']) {
    const controller = await stage.withToken('kube-system', account);
    denied(
      t,
      await controller('DELETE', `${path}?gracePeriodSeconds=0&dryRun=All`),
      'pod-deletion',
      undefined,
      account,
    );
  }
  const headers = { 'impersonate-user': 'system:serviceaccount:kube-system:pod-garbage-collector' };
  denied(t, await stage.agent('DELETE', `${path}?gracePeriodSeconds=0`, undefined, { headers }), 'pod-deletion');
  const collector = await stage.withToken('kube-system', 'pod-garbage-collector');
  const failed = { status: { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True' }] } };
  const strategic = { contentType: 'application/strategic-merge-patch+json' };
  allowed(t, await collector('PATCH', `${path}/status`, failed, strategic));
  allowed(t, await collector('DELETE', `${path}?gracePeriodSeconds=0`));
});

const eviction = ({ shop, pod }: Running, deleteOptions?: Json): Json => ({
  apiVersion: 'policy/v1',
  kind: 'Eviction',
  metadata: { name: pod.metadata.name, namespace: shop.namespace },
  ...(deleteOptions !== undefined && { deleteOptions }),
});

test('denied: an eviction with more time than the approved content has, or with none', async (t) => {
  const place = await running('evicted');
  const path = `${place.path}/eviction`;
  const evict = (send: Send, options?: Json) => send('POST', path, eviction(place, options));
  denied(t, await evict(stage.wildcard, { gracePeriodSeconds: YEAR }), 'pod-eviction', /not 31536000 seconds/);
  denied(t, await evict(stage.oncall, { gracePeriodSeconds: 31 }), 'pod-eviction');
  denied(t, await evict(stage.wildcard, { gracePeriodSeconds: 0 }), 'pod-eviction', /verb rollback/);
  denied(t, await evict(stage.wildcard, { gracePeriodSeconds: -1 }), 'pod-eviction');
  denied(t, await evict(stage.wildcard, { gracePeriodSeconds: YEAR, dryRun: ['All'] }), 'pod-eviction');
  denied(
    t,
    await stage.wildcard('POST', `${path}?dryRun=All`, eviction(place, { gracePeriodSeconds: 31 })),
    'pod-eviction',
  );
  // As cluster-autoscaler does: the pod's own.
  allowed(t, await evict(stage.wildcard, { gracePeriodSeconds: 30 }));
  t.is(await graceOf(place.shop, place.pod.metadata.name), 30);
});

test('an eviction is held by the content of its own workload, whose name may begin like another one', async (t) => {
  const slow = deployment('web-slow', {
    selector: { matchLabels: { app: 'web-slow' } },
    template: template('web-slow', { terminationGracePeriodSeconds: 600 }),
  });
  const shop = await Production.open(stage, 'siblings', [deployment('web'), slow]);
  const [quickPod] = await shop.pods(1, 'app=web');
  const [slowPod] = await shop.pods(1, 'app=web-slow');
  if (quickPod === undefined || slowPod === undefined) throw new Error('no pods');
  for (const pod of [quickPod, slowPod]) await node.run(shop, pod);
  const evict = (name: string, gracePeriodSeconds: number) =>
    stage.wildcard('POST', `${shop.core('pods', name)}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace: shop.namespace },
      deleteOptions: { gracePeriodSeconds },
    });
  denied(t, await evict(quickPod.metadata.name, 600), 'pod-eviction');
  denied(t, await evict(slowPod.metadata.name, 601), 'pod-eviction');
  denied(t, await evict('nobody-knows', 31), 'pod-eviction', undefined, 'of no workload: the smallest of all');
  allowed(t, await evict(slowPod.metadata.name, 600));
  allowed(t, await evict(quickPod.metadata.name, 30));
});

test('allowed: a node is drained by stock kubectl; denied: with a longer grace', async (t) => {
  const own = await Node.open(stage, 'node-drain');
  const shop = await Production.open(stage, 'drained');
  const [first] = await shop.pods(1);
  if (first === undefined) throw new Error('no pod');
  await own.run(shop, first);
  const drain = (...args: string[]) =>
    stage.cluster.kubectl(['drain', 'node-drain', '--delete-emptydir-data', '--timeout=30s', ...args], {
      as: stage.files.wildcard,
      check: false,
    });
  deniedCommand(t, await drain('--grace-period=900'), 'pod-eviction', words('kubectl drain'));
  deniedCommand(t, await drain('--grace-period=900', '--disable-eviction'), 'pod-deletion');
  deniedCommand(t, await drain('--grace-period=0', '--force'), 'pod-eviction', words('kubectl drain', 1));
  const drained = drain();
  await waitFor('the kubelet has ended the pod', async () => (await own.endTerminating(shop)) > 0);
  const { code, stderr } = await drained;
  t.is(code, 0, stderr);
});

test('denied: a finalizer that keeps an ended pod; allowed: taking one away', async (t) => {
  const { path } = await running('finalized');
  const add = { metadata: { finalizers: ['example.com/stay'] } };
  denied(t, await stage.agent('PATCH', path, add), 'pods-live', /no finalizer/);
  denied(t, await stage.wildcard('PATCH', `${path}/status`, add), 'pods-live', /no finalizer/);
  allowed(t, await stage.agent('DELETE', path, { propagationPolicy: 'Foreground' }));
  const { finalizers } = (await stage.admin('GET', path)).body as { finalizers?: unknown };
  t.is(finalizers, undefined);
  allowed(t, await stage.agent('PATCH', path, { metadata: { finalizers: null } }));
});

test('a namespace goes while its pods still run, its lock after them: kubelets report and end them, nobody else does', async (t) => {
  const { shop, path, pod } = await running('goes');
  const namespacePath = `/api/v1/namespaces/${shop.namespace}`;
  const asked = { metadata: { annotations: { 'twinlock.dev/unprotect': 'goes' } } };
  await must(stage.admin('PATCH', namespacePath, asked, { contentType: 'application/merge-patch+json' }));
  await must(stage.admin('DELETE', namespacePath));
  await shop.until('the pod is to end', async () => (await graceOf(shop, pod.metadata.name)) !== undefined);
  // Kubernetes 1.36 waits for the pods before it deletes the rest; an older namespace controller does not.
  const controller = await stage.withToken('kube-system', 'namespace-controller');
  denied(t, await controller('DELETE', shop.own('workloadlocks', 'lock')), 'operator-only', /goes last/);
  allowed(t, await node.send('PATCH', `${path}/status`, { status: { message: 'ending' } }));
  const merge = { contentType: 'application/merge-patch+json' };
  denied(
    t,
    await stage.wildcard('PATCH', `${path}/status`, { status: { podIP: '10.9.9.9' } }, merge),
    'pods-live|pod-writers',
  );
  denied(t, await stage.wildcard('DELETE', `${path}?gracePeriodSeconds=0`), 'pod-deletion');
  const evicted = await stage.wildcard('POST', `${path}/eviction`, eviction({ shop, pod, path }));
  t.regex(JSON.stringify(evicted.body), /is being terminated/, 'Kubernetes itself evicts nothing in such a namespace');
  await shop.until('the namespace is gone', async () => {
    if ((await stage.admin('GET', path)).status === 200) await node.endTerminating(shop);
    return (await stage.admin('GET', namespacePath)).status === 404;
  });
  t.is((await stage.admin('GET', path)).status, 404);
});
