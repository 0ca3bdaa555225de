/** `apply: External`: Argo CD, Flux or a person brings what was signed, on a real API server. */
import test from 'ava';
import { waitFor } from '../harness/index.ts';
import { appliers, type Applier } from '../stage/appliers.ts';
import { SteppedClock } from '../stage/clock.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { deploymentPath, openPromotions, path, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
const clock = new SteppedClock();
let tools: readonly Applier[];

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  stage.pods.break(images.third);
  await stage.startProcess({}, clock.overrides);
  tools = await appliers(stage);
});
test.after.always(() => stage?.stop());

const configMap = (mode: string): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', labels: { team: 'shop' } },
  data: { MODE: mode },
});
const service = (port: number): Json => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port, targetPort: 8080 }] },
});
const budget: Json = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web' },
  spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
};
const listed = ['ConfigMap', 'Service', 'PodDisruptionBudget'].map((kind) => ({ kind, name: 'web' }));
const workload = (name: string): Json => ({ kind: 'Deployment', name });

/** Of what shall fail. */
const HASTY: Json = { progressDeadlineSeconds: 2 };
const LIVE: readonly Json[] = [{ name: 'MODE', value: 'live' }];

function deployment(name: string, image: string, env = LIVE, spec: Json = {}): Json {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      ...spec,
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image, env }] } },
    },
  };
}

/** Production that a tool applied from Git, under a target that leaves that to it. */
async function production(namespace: string, tool: Applier, target: Json = {}, git = before): Promise<Shop> {
  const shop = new Shop(stage, namespace);
  await shop.open({
    target: {
      apply: 'External',
      workloads: ['web', 'worker', 'fresh'].map(workload),
      objects: listed,
      ...target,
    },
    before: [shop.deployment('worker'), configMap('old'), service(80)].map((object) => ({
      ...object,
      metadata: { ...(object['metadata'] as Json), namespace },
    })),
  });
  await shop.ready();
  await shop.target(({ status }) => conditionOf({ status }, 'Ready')?.status === 'True');
  const steady = await tool.apply(namespace, git);
  if (steady.code !== 0) throw new Error(`${tool.name} is refused what runs: ${steady.stderr}`);
  return shop;
}
const before = [configMap('old'), service(80), deployment('web', images.first), deployment('worker', images.first)];
const after = [
  configMap('new'),
  service(81),
  budget,
  deployment('web', images.second),
  deployment('fresh', images.second),
];

/** As Flux does with what others set before it came: it alone owns what it applied. */
async function ownedByFlux(shop: Shop): Promise<void> {
  const live = (await shop.live()) as unknown as { readonly metadata: { readonly managedFields: readonly Json[] } };
  const managedFields = live.metadata.managedFields.filter(
    ({ manager, subresource }) => manager === 'kustomize-controller' || subresource !== undefined,
  );
  await stage.send('PUT', deploymentPath(shop.namespace, 'web'), {
    ...live,
    metadata: { ...live.metadata, managedFields },
  });
}

/** A promotion of what is in Git by now, which waits for votes. */
async function asked(shop: Shop, objects: readonly Json[], spec: Json = {}, image = images.second): Promise<void> {
  const workloads = ['web', 'fresh', 'worker'].map((name) => ({
    name,
    images: [{ container: name, image }],
    ready: true,
  }));
  await shop.environment('pr-42', image, { workloads });
  await shop.promote('web-42', 'pr-42', { spec: { objects, ...spec } });
  await shop.phase('web-42', 'AwaitingApproval');
}

const awaitsApply = (shop: Shop) =>
  shop.promotion('web-42', (seen) => conditionOf(seen, 'RolledOut')?.reason === 'AwaitingApply');
const arrives = (shop: Shop, name: string) =>
  shop.promotion(
    'web-42',
    ({ status }) => status?.rollout?.workloads?.some((each) => each.name === name && each.state !== 'Pending') === true,
  );
const there = async (shop: Shop, name: string): Promise<number> =>
  (await stage.cluster.request('GET', deploymentPath(shop.namespace, name))).status;

interface Lock {
  readonly spec: {
    readonly approved: readonly { readonly name: string; readonly role: string; readonly closed?: string }[];
  };
}
async function entries(shop: Shop): Promise<readonly string[]> {
  const { spec } = (await stage.send('GET', path(shop.namespace, 'workloadlocks', 'lock'))) as unknown as Lock;
  return spec.approved.map(({ name, role, closed }) => `${name}/${role}${closed === undefined ? '' : ` ${closed}`}`);
}

for (const [index, name] of [
  'Flux',
  'Argo CD',
  'Argo CD with ServerSideApply',
  'a person with kubectl apply',
].entries())
  test.serial(`${name} is refused before people signed, and brings exactly what they signed`, async (t) => {
    t.timeout(120_000);
    const tool = tools[index]!;
    t.is(tool.name, name);
    const shop = await production(`by-${index}`, tool);
    await asked(shop, after, { removes: [workload('worker')] });

    const early = await tool.apply(shop.namespace, after);
    t.not(early.code, 0);
    t.regex(early.stderr, /does not match the approved content.*sign the one that waits \(kubectl get promotions\)/);
    t.is(await shop.image(), images.first);
    const kept = await tool.prune(shop.namespace, 'deployment/worker');
    t.regex(kept.stderr, /may not be deleted/);

    await shop.cast('web-42', stage.people.alice);
    const { status } = await awaitsApply(shop);
    t.true(status?.why?.some((line) => line.includes('Deployment/fresh')) ?? false);
    t.is(await shop.image(), images.first, 'the controller applies nothing');
    t.is(await there(shop, 'fresh'), 404);

    const evil = await tool.apply(shop.namespace, [deployment('web', images.evil)]);
    t.regex(evil.stderr, /does not match the approved content/);
    await waitFor('it brings all of it', async (seen) => {
      const applied = await tool.apply(shop.namespace, after);
      seen(applied.stderr);
      return applied.code === 0;
    });
    await waitFor('it deletes what left', async (seen) => {
      const pruned = await tool.prune(shop.namespace, 'deployment/worker');
      seen(pruned.stderr);
      return pruned.code === 0;
    });
    await shop.phase('web-42', 'Completed', 40_000);
    t.is(await shop.image(), images.second);
    t.is(await there(shop, 'worker'), 404);
    await shop.target(({ status: seen }) => conditionOf({ status: seen }, 'Ready')?.status === 'True');

    const { resourceVersion } = (await shop.live()).metadata;
    const steady = await tool.apply(shop.namespace, after);
    t.is(steady.code, 0, steady.stderr);
    t.is((await shop.live()).metadata.resourceVersion, resourceVersion, 'again and again, and nothing changes');
    const back = await tool.apply(shop.namespace, before);
    t.not(back.code, 0, 'an older Git takes nothing back');
    t.is(await shop.image(), images.second);
  });

test.serial('what did not arrive in time is closed and named, and what arrived stays', async (t) => {
  t.timeout(120_000);
  const [flux] = tools;
  const shop = await production('late', flux!);
  await asked(shop, after, { removes: [workload('worker')] });
  await shop.cast('web-42', stage.people.alice);
  await awaitsApply(shop);
  await waitFor('one of them arrives', async (seen) => {
    const applied = await flux!.apply('late', [deployment('web', images.second)]);
    seen(applied.stderr);
    return applied.code === 0;
  });
  await arrives(shop, 'web');
  clock.pass(3_600_000);
  const { status } = await shop.phase('web-42', 'Failed', 40_000);
  clock.back();
  const message = conditionOf({ status }, 'RolledOut')?.message ?? '';
  for (const missing of ['ConfigMap/web', 'Service/web', 'Deployment/fresh', 'Deployment/worker'])
    t.true(message.includes(missing), `${missing}: ${message}`);
  t.regex(message, /Deployment\/web arrived and stays approved/);
  t.is(await shop.image(), images.second);
  await waitFor('the lock is closed', async (seen) => {
    const held = await entries(shop);
    seen(held);
    return held.join(' ') === 'web/Current web/Fallback worker/Current';
  });
  t.deepEqual(
    (await shop.records()).map(({ type, outcome }) => outcome?.result ?? type),
    ['Adopted', 'Round', 'Approved', 'Failed'],
  );
  for (const object of [configMap('new'), service(81), deployment('fresh', images.second)]) {
    const applied = await flux!.apply('late', [object]);
    t.not(applied.code, 0, 'it is not approved any more');
  }
  t.not((await flux!.prune('late', 'deployment/worker')).code, 0);
  t.is((await flux!.apply('late', [deployment('web', images.second)])).code, 0, 'what arrived is no change');
  await shop.target(({ status: seen }) => conditionOf({ status: seen }, 'Ready')?.status === 'True');
});

test.serial('what fails goes back to its fallback, and the tool cannot bring it again', async (t) => {
  t.timeout(120_000);
  const [flux] = tools;
  const shop = await production('fails', flux!);
  await ownedByFlux(shop);
  const broken = [
    configMap('new'),
    service(81),
    deployment('web', images.third, [], HASTY),
    deployment('fresh', images.third, LIVE, HASTY),
  ];
  await asked(shop, broken, { removes: [workload('worker')] }, images.third);
  await shop.cast('web-42', stage.people.alice);
  await awaitsApply(shop);
  await waitFor('it brings all of it', async (seen) => {
    const applied = await flux!.apply('fails', broken);
    seen(applied.stderr);
    return applied.code === 0 && (await flux!.prune('fails', 'deployment/worker')).code === 0;
  });
  const { status } = await shop.phase('web-42', 'RolledBack', 40_000);
  t.regex(conditionOf({ status }, 'RolledOut')?.message ?? '', /bring Git back to what runs$/);
  t.is(await shop.image(), images.first);
  t.is(await there(shop, 'fresh'), 404);
  t.is(await there(shop, 'worker'), 200, 'what it deleted is made again');
  const again = await flux!.apply('fails', [deployment('web', images.third, [], HASTY)]);
  t.regex(again.stderr, /was signed, and is closed|does not match the approved content/);
  await waitFor('the lock holds what runs alone', async (seen) => {
    const held = await entries(shop);
    seen(held);
    return held.join(' ') === 'web/Current worker/Current';
  });
  t.is((await flux!.apply('fails', before)).code, 0, 'Git follows');
  await shop.target(({ status: seen }) => conditionOf({ status: seen }, 'Ready')?.status === 'True');

  // The controller wrote the variable of the fallback; whoever applies drops it all the same.
  const dropped = [deployment('web', images.second, [])];
  await shop.environment('pr-43', images.second);
  await shop.promote('web-43', 'pr-43', { spec: { objects: dropped } });
  await shop.phase('web-43', 'AwaitingApproval');
  await shop.cast('web-43', stage.people.alice);
  await waitFor('it drops the variable', async (seen) => {
    const applied = await flux!.apply('fails', dropped);
    seen(applied.stderr);
    return applied.code === 0;
  });
  await shop.phase('web-43', 'Completed', 40_000);
  t.is(((await shop.live()).spec.template.spec.containers[0] as Json | undefined)?.['env'], undefined);
});
