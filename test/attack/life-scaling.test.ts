/** What scales and resizes pods, by the requests of the real things: rows of docs/cluster-life.md. */
import test from 'ava';
import { livePodDifference } from '../../operator/admission/index.ts';
import { waitFor } from '../harness/index.ts';
import { actor, userOf } from './actors.ts';
import { allowed, denied } from './assert.ts';
import { words } from './life-page.ts';
import type { Operation } from './mutators.ts';
import { must, Production } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, images, messageOf, namespace, pod, template } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const replicasOf = async (shop: Production): Promise<unknown> =>
  (await shop.read(shop.apps('Deployment', 'web'))).spec['replicas'];

test('HorizontalPodAutoscaler: the real one scales up to its minimum; below minReplicas it is told why not', async (t) => {
  const name = 'hpa';
  const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  await stage.cluster.apply([
    namespace(name),
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: name },
      spec: { scaleTargetRef: target, minReplicas: 3, maxReplicas: 4 },
    },
  ]);
  const web = deployment('web', { replicas: 3 });
  const shop = await Production.open(stage, name, [web], { entry: { minReplicas: 2 } });
  allowed(t, await stage.agent('PATCH', `${shop.apps('Deployment', 'web')}/scale`, { spec: { replicas: 2 } }));
  // It looks every 15 s.
  await waitFor('the autoscaler scales up', async () => (await replicasOf(shop)) === 3, { timeout: 60_000 });

  const lock = await shop.read(shop.own('workloadlocks', 'lock'));
  await shop.relock({ approved: (lock.spec['approved'] as readonly Json[]).map((a) => ({ ...a, minReplicas: 6 })) });
  allowed(t, await stage.agent('PATCH', `${shop.apps('Deployment', 'web')}/scale`, { spec: { replicas: 6 } }));
  const said = await waitFor(
    'the autoscaler is refused',
    async (seen) => {
      const path = `/apis/autoscaling/v2/namespaces/${name}/horizontalpodautoscalers/web`;
      const { status } = (await shop.read(path)) as unknown as { readonly status?: { readonly conditions?: Json[] } };
      seen(status);
      return status?.conditions?.find(({ reason }) => reason === 'FailedUpdateScale');
    },
    { timeout: 60_000 },
  );
  t.like(said, { type: 'AbleToScale', status: 'False' });
  t.regex(String(said['message']), words('HorizontalPodAutoscaler'));
  t.regex(String(said['message']), /would run 4 replicas, below minReplicas of its target \(6\): lower minReplicas/);
  t.is(await replicasOf(shop), 6);
});

test('KEDA: to zero and back where minReplicas is 0; elsewhere it is refused', async (t) => {
  const keda = await actor(stage, 'keda');
  // It reads and writes the whole Scale, and comes again when somebody wrote in between.
  const scaleTo = (shop: Production, replicas: number) =>
    waitFor('nobody writes in between', async () => {
      const path = `${shop.apps('Deployment', 'web')}/scale`;
      const scale = await must(keda('GET', path));
      const answer = await keda('PUT', path, { ...scale, spec: { replicas } });
      return answer.status !== 409 && answer;
    });
  const shop = await Production.open(stage, 'keda-one');
  denied(t, await scaleTo(shop, 0), 'scale', words('KEDA'));
  allowed(t, await scaleTo(shop, 5));
  const asleep = await Production.open(stage, 'keda-zero', [deployment('web')], { entry: { minReplicas: 0 } });
  for (const replicas of [0, 1, 0]) allowed(t, await scaleTo(asleep, replicas));
  t.is(await replicasOf(asleep), 0);
});

const [container] = (template('web')['spec'] as { readonly containers: readonly Json[] }).containers;
const twoContainers = (app: string): Json =>
  deployment(app, {
    template: template(app, { containers: [{ ...container }, { ...container, name: 'beside', image: images.second }] }),
  });

/** As the updater calculates it, in the place of the container. */
const amounts = (index: number): readonly Operation[] =>
  ['requests', 'limits'].flatMap((section) => [
    { op: 'add', path: `/spec/containers/${index}/resources/${section}/cpu`, value: '25m' },
    { op: 'add', path: `/spec/containers/${index}/resources/${section}/memory`, value: '96Mi' },
  ]);
const jsonPatch = { contentType: 'application/json-patch+json' };
const vpaMutations = [
  { by: 'vpa', field: 'Resources', container: 'web' },
  { by: 'vpa', field: 'Annotations', names: ['vpaUpdates', 'vpaObservedContainers'] },
];

test('VerticalPodAutoscaler: resizes running pods where the target says so, and evicts; elsewhere it is refused', async (t) => {
  const vpa = await actor(stage, 'vpa');
  const podWriters = [{ user: userOf('vpa'), annotations: ['vpaInPlaceUpdated'], resizes: true }];
  const shop = await Production.open(stage, 'vpa', [twoContainers('web'), twoContainers('api')], {
    entry: { mutations: vpaMutations },
    podWriters,
  });
  const lock = await shop.read(shop.own('workloadlocks', 'lock'));
  const entries = lock.spec['approved'] as readonly Json[];
  const approved = entries.map(({ mutations, ...entry }) =>
    entry['name'] === 'web' ? { ...entry, mutations } : entry,
  );
  await shop.relock({ approved });
  const [[web], [api]] = await Promise.all([shop.pods(1, 'app=web'), shop.pods(1, 'app=api')]);
  const at = (pod: Live | undefined) => shop.core('pods', pod?.metadata.name);
  const resize = (send: typeof vpa, pod: Live | undefined, index = 0) =>
    send('PATCH', `${at(pod)}/resize`, amounts(index), jsonPatch);

  denied(t, await resize(stage.wildcard, web), 'pod-resize', words('VerticalPodAutoscaler', 0));
  denied(t, await resize(stage.admin, web), 'pod-resize');
  denied(
    t,
    await resize(vpa, web, 1),
    'pod-resize',
    words('VerticalPodAutoscaler', 1),
    'a container that is not named',
  );
  await shop.until('the lock is seen', async () => (await resize(vpa, api)).status === 403);
  denied(t, await resize(vpa, api), 'pod-resize', words('VerticalPodAutoscaler', 1), 'a workload without mutations');
  allowed(t, await resize(vpa, web));
  const mark: readonly Operation[] = [
    { op: 'add', path: '/metadata/annotations', value: {} },
    { op: 'add', path: '/metadata/annotations/vpaInPlaceUpdated', value: 'true' },
  ];
  const label: Operation = { op: 'add', path: '/metadata/labels/vpa-autoscaler.k8s.io~1managed', value: 'true' };
  denied(t, await vpa('PATCH', at(web), [...mark, label], jsonPatch), 'pods-live', words('VerticalPodAutoscaler', 2));
  allowed(t, await vpa('PATCH', at(web), mark, jsonPatch));
  const resized = await shop.read(at(web));
  t.like((resized.spec['containers'] as readonly Json[])[0], {
    resources: { requests: { cpu: '25m', memory: '96Mi' } },
  });
  t.is(livePodDifference(resized, approved, { podWriters }), undefined, 'the watch says what admission says');

  const eviction = { metadata: { name: web?.metadata.name, namespace: shop.namespace } };
  allowed(t, await vpa('POST', `${at(web)}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', ...eviction }));

  const plain = await Production.open(stage, 'vpa-not', [twoContainers('web')], {
    entry: { mutations: vpaMutations },
    podWriters: [{ user: userOf('vpa'), annotations: ['vpaInPlaceUpdated'] }],
  });
  const [pod] = await plain.pods(1);
  const path = `${plain.core('pods', pod?.metadata.name)}/resize`;
  denied(t, await vpa('PATCH', path, amounts(0), jsonPatch), 'pod-resize', words('VerticalPodAutoscaler', 0));
});

test('denied: a resize where the lock is gone', async (t) => {
  const podWriters = [{ user: 'wildcard', resizes: true }];
  const entry = { mutations: [{ field: 'Resources' }] };
  const shop = await Production.open(stage, 'vpa-gone', [deployment('web')], { entry, podWriters });
  const [pod] = await shop.pods(1);
  const path = `${shop.core('pods', pod?.metadata.name)}/resize?dryRun=All`;
  const resize = () => stage.wildcard('PATCH', path, amounts(0), jsonPatch);
  allowed(t, await resize());
  await must(stage.promotions('DELETE', shop.own('workloadlocks', 'lock')));
  const answer = await waitFor('the lock is gone', async () => {
    const tried = await resize();
    return tried.status >= 300 && tried;
  });
  t.regex(messageOf(answer), /twinlock-pod-resize.*no params found/);
});

test('ResourceQuota: pods that fit pass, the others wait in its words', async (t) => {
  const name = 'quota';
  const spec = { hard: { pods: '2' } };
  await stage.cluster.apply([
    namespace(name),
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small', namespace: name }, spec },
  ]);
  const shop = await Production.open(stage, name);
  await shop.again('app=web');
  allowed(t, await stage.agent('PATCH', `${shop.apps('Deployment', 'web')}/scale`, { spec: { replicas: 3 } }));
  await shop.pods(2);
  await shop.refusal('web-', words('ResourceQuota'));
  t.is((await shop.pods(2)).length, 2);
});

test('denied: a pod that no workload made, resized by who may resize those of one with its labels', async (t) => {
  const vpa = await actor(stage, 'vpa');
  await stage.cluster.apply([namespace('vpa-stray')]);
  await waitFor('the default service account', async () => {
    const { status } = await stage.admin('GET', '/api/v1/namespaces/vpa-stray/serviceaccounts/default');
    return status === 200;
  });
  // It was there before the namespace was protected.
  const stray = pod('stray', {
    containers: [{ ...container }, { ...container, name: 'beside', image: images.second }],
  });
  const made = await must(stage.admin('POST', '/api/v1/namespaces/vpa-stray/pods', stray));
  const shop = await Production.open(stage, 'vpa-stray', [twoContainers('web')], {
    entry: { mutations: vpaMutations },
    podWriters: [{ user: userOf('vpa'), annotations: ['vpaInPlaceUpdated'], resizes: true }],
  });
  const pods = await shop.pods(2);
  const owned = pods.find(({ metadata }) => metadata.uid !== made.metadata.uid);
  const resize = (name?: string): ReturnType<typeof vpa> =>
    vpa('PATCH', `${shop.core('pods', name)}/resize`, amounts(0), jsonPatch);
  allowed(t, await resize(owned?.metadata.name));
  denied(t, await resize('stray'), 'pod-resize', /other resources than the approved ones/);
});
