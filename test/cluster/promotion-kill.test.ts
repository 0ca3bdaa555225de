import test from 'ava';
import { waitFor } from '../harness/index.ts';
import { startDying, type LastWrite } from '../stage/dying.ts';
import { killedAfterEach, killPoints, story } from '../stage/kills.ts';
import { openPromotions, type Stage } from '../stage/promotions.ts';
import { images, Shop, type ShopOptions } from '../stage/shop.ts';
import { systemNamespace } from '../stage/stage.ts';

let stage: Stage;

// One for each test: whoever starts looks at every target that is there, and each kill leaves one.
test.serial.beforeEach(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  stage.pods.break(images.third);
});
test.serial.afterEach.always(async () => {
  await stage?.stop();
});

const open = (namespace: string, options: ShopOptions = {}): Promise<Shop> => new Shop(stage, namespace).open(options);

test.serial(
  'killed after any write on the way to production it goes on where it was: one chain, one rollout',
  async (t) => {
    t.timeout(20 * 60_000);
    const act = (namespace: string) => async (): Promise<void> => {
      const shop = await open(namespace);
      await shop.environment('pr-42', images.second);
      await shop.promote('web-42', 'pr-42');
      await shop.phase('web-42', 'AwaitingApproval');
      t.is(await shop.image(), images.first, namespace);
      await shop.cast('web-42', stage.people.alice);
      await shop.phase('web-42', 'Completed', 40_000);
      t.is(await shop.image(), images.second, namespace);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'Completed'], namespace);
    };
    const points = await killPoints(t, stage, act('kill-none'));
    t.true(points.length >= 10);
    await killedAfterEach(t, stage, points, 'kill', act);
  },
);

test.serial('killed after any write while a rollout fails: the fallback is live and alone approved', async (t) => {
  t.timeout(20 * 60_000);
  const waiting = async (namespace: string): Promise<() => Promise<void>> => {
    const first = await stage.startProcess();
    const shop = await open(namespace, { deployment: { progressDeadlineSeconds: 1 } });
    await shop.ready();
    await shop.environment('pr-42', images.third);
    await shop.promote('web-42', 'pr-42');
    await shop.phase('web-42', 'AwaitingApproval');
    await first.stop();
    return async () => {
      await shop.cast('web-42', stage.people.alice);
      await shop.phase('web-42', 'RolledBack', 40_000);
      await shop.target(({ status }) => status?.current?.[0]?.images?.[0]?.image === images.first);
      t.is(await shop.image(), images.first, namespace);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'RolledBack'], namespace);
    };
  };
  const points = await killPoints(t, stage, await waiting('back-none'));
  t.true(points.length >= 6);
  await killedAfterEach(t, stage, points, 'back', waiting);
});

test.serial(
  'killed after any write while one workload comes and another goes, both are as they were signed',
  async (t) => {
    t.timeout(20 * 60_000);
    const act = (namespace: string) => async (): Promise<void> => {
      const shop = new Shop(stage, namespace);
      const worker = { ...shop.deployment('worker'), metadata: { name: 'worker', namespace } };
      await shop.open({
        target: { workloads: ['web', 'fresh', 'worker'].map((name) => ({ kind: 'Deployment', name })) },
        before: [worker],
      });
      const running = { name: 'fresh', images: [{ container: 'fresh', image: images.second }], ready: true };
      await shop.environment('pr-42', images.second, { workloads: [running] });
      const { spec } = shop.deployment('fresh', {
        template: {
          metadata: { labels: { app: 'fresh' } },
          spec: { containers: [{ name: 'fresh', image: images.second }] },
        },
      });
      const objects = [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'fresh' }, spec }];
      await shop.promote('web-42', 'pr-42', { spec: { objects, removes: [{ kind: 'Deployment', name: 'worker' }] } });
      await shop.phase('web-42', 'AwaitingApproval');
      await shop.cast('web-42', stage.people.alice);
      await shop.phase('web-42', 'Completed', 40_000);
      t.is((await shop.live('fresh')).spec.template.spec.containers[0]?.image, images.second, namespace);
      await t.throwsAsync(shop.live('worker'), { message: /404/ }, namespace);
      t.is(await shop.image(), images.first, namespace);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'Completed'], namespace);
    };
    const points = await killPoints(t, stage, act('both-none'));
    t.true(points.some(({ write }) => write.startsWith('delete')));
    await killedAfterEach(t, stage, points, 'both', act);
  },
);

test.serial('a restart writes nothing about what was settled before', async (t) => {
  const first = await stage.startProcess();
  const [waiting, done] = [await open('settled-waiting'), await open('settled-done')];
  for (const shop of [waiting, done]) {
    await shop.environment('pr-42', images.second);
    await shop.promote('web-42', 'pr-42');
    await shop.phase('web-42', 'AwaitingApproval');
  }
  await done.cast('web-42', stage.people.alice);
  await done.phase('web-42', 'Completed', 40_000);
  await done.target(({ status }) => status?.current?.[0]?.promotion === 'web-42');
  const settled = async (): Promise<readonly (string | undefined)[]> => {
    const path = `/api/v1/namespaces/${systemNamespace}/configmaps/twinlock-record-heads`;
    const { data } = (await stage.send('GET', path)) as { readonly data?: Readonly<Record<string, string>> };
    return [waiting, done].map(({ namespace }) => data?.[`${namespace}.web`]);
  };
  const before = await waitFor('both chains are signed for', async (seen) => {
    const [heads, chains] = [await settled(), await Promise.all([waiting.records(), done.records()])];
    seen(heads);
    return heads.every((head, index) => head?.split('\n')[1] === `${chains[index]?.length}`) && heads;
  });
  await first.stop();
  const never: LastWrite = { write: 'nothing', nth: 1 };
  const second = await startDying(stage, never);
  // Work that starts later than the rest: once it is done, so is what came before.
  const marker = await open('settled-marker');
  await marker.ready();
  await marker.environment('pr-42', images.second);
  await marker.promote('web-42', 'pr-42');
  await marker.phase('web-42', 'AwaitingApproval');
  await second.stop();
  const namespaces = new Set(second.writes.map(({ namespace }) => namespace));
  t.true(namespaces.delete(systemNamespace), "the marker's head");
  t.deepEqual([...namespaces], ['settled-marker']);
  t.deepEqual(await settled(), before);
});
