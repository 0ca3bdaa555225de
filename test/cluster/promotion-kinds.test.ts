/** Workloads of each kind, made and replaced by Kubernetes' own controllers. */
import test from 'ava';
import type { Promotion } from '../../operator/api/index.ts';
import { waitFor } from '../harness/index.ts';
import { SteppedClock } from '../stage/clock.ts';
import { images, Shop } from '../stage/shop.ts';
import { must, openPromotions, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
const clock = new SteppedClock();

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess({}, clock.overrides);
});
test.after.always(() => stage?.stop());

const claims = [
  { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
];
type Running = Readonly<Record<string, string>>;

/** A namespace with a Deployment `web` and one other workload, which one target names. */
async function open(namespace: string, kind: string, name: string, spec: Json): Promise<Shop> {
  const template = {
    metadata: { labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name, image: images.first }] },
  };
  const workload = {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: { selector: { matchLabels: { app: name } }, template, ...spec },
  };
  const workloads = [
    { kind: 'Deployment', name: 'web' },
    { kind, name },
  ];
  const rollback = { progressDeadline: '5m' };
  const shop = await new Shop(stage, namespace).open({ before: [workload], target: { workloads, rollback } });
  return shop.ready();
}

/** Takes what an environment ran to production. */
async function promote(shop: Shop, name: string, running: Running): Promise<void> {
  const workloads = Object.entries(running).map(([container, image]) => ({
    name: container,
    images: [{ container, image }],
    ready: true,
  }));
  await shop.environment(`env-${name}`, images.first, { workloads });
  await shop.promote(name, `env-${name}`);
  await shop.vote(name, stage.people.alice);
}

/** Nothing becomes of this image: once a pod has it, and all else runs, the deadline passes, and the rollout is taken back. */
async function fails(shop: Shop, name: string, broken: string): Promise<Promotion> {
  await waitFor('a pod of the broken image', async () => {
    const pods = must(await stage.cluster.request('GET', `/api/v1/namespaces/${shop.namespace}/pods`), 'pods');
    return JSON.stringify(pods).includes(broken);
  });
  await shop.promotion(name, ({ status }) => {
    const waiting = (status?.rollout?.workloads ?? []).filter(({ state }) => state !== 'Available');
    return waiting.length === 1 && waiting[0]?.state === 'Applied';
  });
  clock.pass(300_000);
  const back = await shop.phase(name, 'RolledBack', 60_000);
  clock.back();
  return back;
}

interface SeenPod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Every pod of the app is ready and has this image, and there are as many. */
async function runs(shop: Shop, app: string, image: string, count: number): Promise<readonly SeenPod[]> {
  const path = `/api/v1/namespaces/${shop.namespace}/pods?labelSelector=app%3D${app}`;
  return waitFor(`${count} pods of ${app} with ${image}`, async (seen) => {
    const { items } = must(await stage.cluster.request('GET', path), 'pods') as unknown as {
      readonly items: readonly SeenPod[];
    };
    seen(items.map(({ metadata, spec, status }) => [metadata.name, spec.containers[0]?.image, status.conditions]));
    const good = items.every(
      ({ metadata, spec, status }) =>
        metadata.deletionTimestamp === undefined &&
        spec.containers[0]?.image === image &&
        status.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'),
    );
    return good && items.length === count && items;
  });
}

test.serial(
  'a Deployment and a StatefulSet go live together, and come back together, with the pod that hangs',
  async (t) => {
    const shop = await open('shop-db', 'StatefulSet', 'db', {
      replicas: 2,
      serviceName: 'db',
      volumeClaimTemplates: claims,
    });
    await promote(shop, 'web-42', { web: images.second, db: images.second });
    await shop.phase('web-42', 'Completed', 60_000);
    t.is(await shop.image(), images.second);
    const pods = await runs(shop, 'db', images.second, 2);
    t.deepEqual(pods.map(({ metadata }) => metadata.name).toSorted(), ['db-0', 'db-1']);
    t.true(pods.every(({ spec, metadata }) => JSON.stringify(spec).includes(`"data-${metadata.name}"`)));

    stage.pods.break(images.evil);
    await promote(shop, 'web-43', { web: images.third, db: images.evil });
    const back = await fails(shop, 'web-43', images.evil);
    t.regex(back.status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '', /StatefulSet\/db: /);
    t.is(await shop.image(), images.second);
    await runs(shop, 'db', images.second, 2);
    await runs(shop, 'web', images.second, 1);
    t.is((await shop.records()).at(-1)?.outcome?.reason, 'ProgressDeadlineExceeded');
    await shop.ready();
  },
);

test.serial('a DaemonSet goes live node by node, and comes back', async (t) => {
  const shop = await open('shop-agent', 'DaemonSet', 'agent', {});
  await promote(shop, 'web-42', { agent: images.second });
  await shop.phase('web-42', 'Completed', 60_000);
  await runs(shop, 'agent', images.second, 1);
  t.is(await shop.image(), images.first, 'what the environment did not run stays');

  const broken = `registry.example/web@sha256:${'d'.repeat(64)}`;
  stage.pods.break(broken);
  await promote(shop, 'web-43', { agent: broken });
  await fails(shop, 'web-43', broken);
  await runs(shop, 'agent', images.second, 1);
  await shop.ready();
});
