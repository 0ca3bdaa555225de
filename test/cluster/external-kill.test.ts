/** Somebody else applies what was signed, and the process is killed meanwhile. */
import test, { type ExecutionContext } from 'ava';
import { waitFor } from '../harness/index.ts';
import { killedAfterEach, killPoints, story, type KillPoint } from '../stage/kills.ts';
import { deploymentPath, openPromotions, path, type Stage } from '../stage/promotions.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;

// One for each test: whoever starts looks at every target that is there, and each kill leaves one.
test.serial.beforeEach(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  stage.pods.break(images.third);
});
test.serial.afterEach.always(async () => {
  await stage?.stop();
});

const manifestOf = (shop: Shop, name: string, image: string): Json => {
  const env = [{ name: 'MODE', value: 'live' }];
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name, image, env }] } };
  // What shall fail fails soon, and nothing else.
  const hasty = image === images.third ? { progressDeadlineSeconds: 1 } : {};
  const { spec } = shop.deployment(name, { template, ...hasty }) as { readonly spec: Json };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec };
};

/** Somebody applies a Deployment again and again, as long as it is refused. */
async function applied(shop: Shop, name: string, image: string): Promise<void> {
  const at = `${deploymentPath(shop.namespace, name)}?fieldManager=kustomize-controller&force=true`;
  await waitFor(`${name} is applied`, async (seen) => {
    const { status, body } = await stage.cluster.request('PATCH', at, {
      body: manifestOf(shop, name, image),
      contentType: 'application/apply-patch+yaml',
      as: stage.people.dev.kubeconfig,
    });
    seen(body);
    return status < 300;
  });
}

/** Production of three that somebody else applies; `fresh` comes and `worker` goes. */
async function external(namespace: string, image: string, target: Json = {}): Promise<Shop> {
  const shop = new Shop(stage, namespace);
  await shop.open({
    target: {
      apply: 'External',
      workloads: ['web', 'fresh', 'worker'].map((name) => ({ kind: 'Deployment', name })),
      ...target,
    },
    before: [{ ...shop.deployment('worker'), metadata: { name: 'worker', namespace } }],
  });
  const workloads = ['web', 'fresh'].map((name) => ({ name, images: [{ container: name, image }], ready: true }));
  await shop.environment('pr-42', image, { workloads });
  const objects = ['web', 'fresh'].map((name) => manifestOf(shop, name, image));
  await shop.promote('web-42', 'pr-42', { spec: { objects, removes: [{ kind: 'Deployment', name: 'worker' }] } });
  await shop.phase('web-42', 'AwaitingApproval');
  await shop.cast('web-42', stage.people.alice);
  return shop;
}

/** Somebody deletes what leaves, which they may once the lock is open and it is marked. */
async function deleted(shop: Shop): Promise<void> {
  await waitFor('worker is deleted', async (seen) => {
    const at = deploymentPath(shop.namespace, 'worker');
    const { status, body } = await stage.cluster.request('DELETE', at, { as: stage.people.dev.kubeconfig });
    seen(body);
    return status < 300;
  });
}

test.serial(
  'killed after any write of the lock or a workload while somebody else applies, what was signed arrives',
  async (t) => {
    t.timeout(20 * 60_000);
    const act = (namespace: string) => async (): Promise<void> => {
      const shop = await external(namespace, images.second);
      for (const name of ['web', 'fresh']) await applied(shop, name, images.second);
      await deleted(shop);
      await shop.phase('web-42', 'Completed', 40_000);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'Completed'], namespace);
    };
    const points = await killPoints(t, stage, act('ext-none'));
    t.true(
      points.some(({ write }) => write === 'replace deployments'),
      'what leaves is marked',
    );
    // Those before the lock opens are the same as on the way of the controller itself.
    const own = points.filter(({ write }) => /^replace (workloadlocks|deployments)$/.test(write));
    await killedAfterEach(t, stage, own, 'ext', act);
  },
);

/** The writes of a run once what leaves is marked: those before are the same as where all goes well. */
async function pointsOfTheEnd(t: ExecutionContext, act: () => Promise<void>): Promise<readonly KillPoint[]> {
  const points = await killPoints(t, stage, act);
  const marked = points.findIndex(({ write }) => write === 'replace deployments');
  t.true(marked >= 0, 'what leaves is marked');
  return points.slice(marked + 1).filter(({ report }) => !report);
}

interface Lock {
  readonly spec: { readonly approved: readonly { readonly name: string; readonly role: string }[] };
}

/** The lock holds these alone, and the target says that production is what it holds. */
async function holdsAlone(shop: Shop, wanted: readonly string[]): Promise<void> {
  await waitFor(`the lock holds ${wanted.join(' ')} alone`, async (seen) => {
    const { spec } = (await stage.send('GET', path(shop.namespace, 'workloadlocks', 'lock'))) as unknown as Lock;
    const held = spec.approved.map(({ name, role }) => `${name}/${role}`);
    seen(held);
    return held.join(' ') === wanted.join(' ');
  });
  await shop.target(({ status }) => conditionOf({ status }, 'Ready')?.status === 'True');
}

test.serial(
  'killed after any write while what somebody else applied fails, the fallback is live and alone approved',
  async (t) => {
    t.timeout(20 * 60_000);
    const act = (namespace: string) => async (): Promise<void> => {
      const shop = await external(namespace, images.third);
      // What came and fails is taken back at once, whatever is still awaited: all is there before the first can fail.
      await deleted(shop);
      for (const name of ['fresh', 'web']) await applied(shop, name, images.third);
      await shop.phase('web-42', 'RolledBack', 40_000);
      t.is(await shop.image(), images.first, namespace);
      await t.throwsAsync(shop.live('fresh'), { message: /404/ }, namespace);
      t.is((await shop.live('worker')).spec.template.spec.containers[0]?.image, images.first, namespace);
      await holdsAlone(shop, ['web/Current', 'worker/Current']);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'RolledBack'], namespace);
    };
    const points = await pointsOfTheEnd(t, act('fails-none'));
    for (const write of ['replace workloadlocks', 'delete deployments', 'create promotionrecords'])
      t.true(
        points.some((point) => point.write === write),
        write,
      );
    await killedAfterEach(t, stage, points, 'fails', act);
  },
);

test.serial(
  'killed after any write while the time to apply ends, what arrived stays approved and the rest is closed',
  async (t) => {
    t.timeout(20 * 60_000);
    const act = (namespace: string) => async (): Promise<void> => {
      const shop = await external(namespace, images.second, { applyDeadline: '10s' });
      await applied(shop, 'web', images.second);
      await shop.phase('web-42', 'Failed', 40_000);
      await holdsAlone(shop, ['web/Current', 'web/Fallback', 'worker/Current']);
      t.is(await shop.image(), images.second, namespace);
      const late = await stage.cluster.request('PATCH', `${deploymentPath(namespace, 'fresh')}?fieldManager=late`, {
        body: manifestOf(shop, 'fresh', images.second),
        contentType: 'application/apply-patch+yaml',
        as: stage.people.dev.kubeconfig,
      });
      t.regex(JSON.stringify(late.body), /denied request: twinlock: Deployment\/fresh/, namespace);
      await t.throwsAsync(shop.live('fresh'), { message: /404/ }, namespace);
      t.is((await shop.live('worker')).spec.template.spec.containers[0]?.image, images.first, namespace);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'Failed'], namespace);
    };
    const points = await pointsOfTheEnd(t, act('late-none'));
    for (const write of ['replace workloadlocks', 'create promotionrecords'])
      t.true(
        points.some((point) => point.write === write),
        write,
      );
    await killedAfterEach(t, stage, points, 'late', act);
  },
);
