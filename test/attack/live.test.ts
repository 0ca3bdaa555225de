import test from 'ava';
import { allowed, denied, deniedCommand } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, images } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

async function running(
  name: string,
  liveAccess: 'Deny' | 'Allow' = 'Deny',
): Promise<{ shop: Production; path: string; live: Live }> {
  const shop = await Production.open(stage, name, [deployment('web')], { liveAccess });
  const [live] = await shop.pods(1);
  if (live === undefined) throw new Error('no pod');
  return { shop, live, path: shop.core('pods', live.metadata.name) };
}

const debugger_ = { spec: { ephemeralContainers: [{ name: 'debug', image: images.evil }] } };

test('denied: another image in a running pod, and a resize', async (t) => {
  const { path, live } = await running('edited');
  const [container] = live.spec['containers'] as readonly Json[];
  const other = { spec: { containers: [{ ...container, image: images.evil }] } };
  denied(t, await stage.agent('PATCH', path, other), 'pods-live', /another spec/);
  const larger = {
    spec: {
      containers: [
        { ...container, resources: { limits: { cpu: '2', memory: '64Mi' }, requests: { cpu: '2', memory: '64Mi' } } },
      ],
    },
  };
  denied(t, await stage.wildcard('PATCH', `${path}/resize`, larger), 'pod-resize', /by who is named with resizes/);
});

test('denied: labels that leave the workload or join another Service, also by pods/status', async (t) => {
  const { path } = await running('relabelled');
  const leave = { metadata: { labels: { 'pod-template-hash': null } } };
  const join = { metadata: { labels: { app: 'payments' } } };
  denied(t, await stage.agent('PATCH', path, leave), 'pods-live', /by its labels/);
  denied(t, await stage.agent('PATCH', path, join), 'pods-live', /by its labels/);
  denied(t, await stage.wildcard('PATCH', `${path}/status`, join), 'pods-live', /by its labels/);
});

test('denied: a pod taken over by another owner, so that it outlives its version', async (t) => {
  const { shop, path } = await running('adopted');
  const map = await must(stage.agent('POST', shop.core('configmaps'), { metadata: { name: 'owner' } }));
  const ownerReferences = [
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: map.metadata.uid, controller: true },
  ];
  denied(t, await stage.agent('PATCH', path, { metadata: { ownerReferences } }), 'pods-live', /another owner/);
  denied(t, await stage.agent('PATCH', path, { metadata: { ownerReferences: null } }), 'pods-live', /another owner/);
});

test('denied: labels added while a pod is bound to its node; allowed: the binding itself', async (t) => {
  const { shop, live } = await running('bound');
  const { name } = live.metadata;
  const binding = (labels: Json): Json => ({
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, labels },
    target: { kind: 'Node', name: 'node-1' },
  });
  denied(
    t,
    await stage.wildcard('POST', `${shop.core('pods', name)}/binding`, binding({ app: 'payments' })),
    'pods-live',
    /labels with its node/,
  );
  denied(
    t,
    await stage.wildcard('POST', shop.core('bindings'), binding({ app: 'payments' })),
    'pods-live',
    /labels with its node/,
  );
  allowed(
    t,
    await stage.wildcard('POST', `${shop.core('pods', name)}/binding`, binding({ 'topology.kubernetes.io/zone': 'a' })),
  );
});

test('denied: exec, attach, port-forward, proxies and ephemeral containers; allowed where the target allows them', async (t) => {
  const closed = await running('closed');
  const open = await running('open', 'Allow');
  const calls: readonly (readonly [string, string])[] = [
    ['POST', '/exec?command=id&stdout=true'],
    ['POST', '/attach?stdout=true'],
    ['POST', '/portforward?ports=8080'],
    ['GET', '/proxy/'],
  ];
  for (const [method, what] of calls) {
    denied(t, await stage.wildcard(method, closed.path + what), 'live-access', /liveAccess: Allow/, what);
    const let_in = await stage.wildcard(method, open.path + what);
    t.not(let_in.status, 403, `${what}: ${JSON.stringify(let_in.body)}`);
  }
  denied(t, await stage.wildcard('PATCH', `${closed.path}/ephemeralcontainers`, debugger_), 'live-access');
  const debug = await stage.wildcard('PATCH', `${open.path}/ephemeralcontainers`, debugger_, {
    contentType: 'application/strategic-merge-patch+json',
  });
  allowed(t, debug);
  await must(
    stage.agent('POST', closed.shop.core('services'), { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } }),
  );
  denied(t, await stage.wildcard('GET', `${closed.shop.core('services', 'web')}/proxy/`), 'live-access');
});

test('denied: kubectl exec and kubectl debug', async (t) => {
  const { shop, live } = await running('stock');
  const run = (...args: string[]) =>
    stage.cluster.kubectl(['-n', shop.namespace, ...args], { as: stage.files.wildcard, check: false });
  deniedCommand(t, await run('exec', live.metadata.name, '--', 'id'), 'live-access');
  deniedCommand(
    t,
    await run('debug', live.metadata.name, `--image=${images.evil}`, '--profile=general'),
    'live-access',
  );
});

test('allowed: deleting and evicting a pod, which comes back as it was', async (t) => {
  const { shop, path, live } = await running('evictions');
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: live.metadata.name, namespace: shop.namespace },
  };
  allowed(t, await stage.wildcard('POST', `${path}/eviction`, eviction));
  await shop.until('another pod', async () =>
    (await shop.pods(1)).some((pod) => pod.metadata.uid !== live.metadata.uid),
  );
  const [again] = (await shop.pods(1)).filter((pod) => pod.metadata.uid !== live.metadata.uid);
  allowed(t, await stage.agent('DELETE', shop.core('pods', again?.metadata.name)));
});

test('denied: commands through the proxy of a node; allowed: its figures', async (t) => {
  await stage.cluster.apply([{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-9' } }]);
  const node = '/api/v1/nodes/node-9/proxy';
  denied(t, await stage.wildcard('GET', `${node}/exec/shop/web/web?command=id&stdout=true`), 'guard-nodes');
  denied(t, await stage.wildcard('POST', `${node}/run/shop/web/web?cmd=id`), 'guard-nodes');
  denied(t, await stage.wildcard('GET', `${node}/metrics/../exec/shop/web/web?command=id`), 'guard-nodes');
  const figures = await stage.wildcard('GET', `${node}/metrics`);
  t.not(figures.status, 403, JSON.stringify(figures.body));
});
