import test from 'ava';
import { killedAfterEach, killPoints, story } from '../stage/kills.ts';
import { openPromotions, type Stage } from '../stage/promotions.ts';
import { images, Shop } from '../stage/shop.ts';

let stage: Stage;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
});
test.after.always(() => stage?.stop());

const job = (name: string): object => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: {
    backoffLimit: 0,
    template: {
      metadata: { labels: { app: name } },
      spec: { restartPolicy: 'Never', containers: [{ name, image: images.second }] },
    },
  },
});

test.serial('killed after any write while Jobs run before and after, each runs once', async (t) => {
  t.timeout(20 * 60_000);
  const waiting = async (namespace: string): Promise<() => Promise<void>> => {
    const first = await stage.startProcess();
    const shop = await new Shop(stage, namespace).open();
    await shop.ready();
    await shop.environment('pr-42', images.second);
    await shop.promote('web-42', 'pr-42', { spec: { jobs: { before: [job('migrate')], after: [job('smoke')] } } });
    await shop.phase('web-42', 'AwaitingApproval');
    await first.stop();
    return async () => {
      await shop.cast('web-42', stage.people.alice);
      await shop.phase('web-42', 'Completed', 60_000);
      t.is(await shop.image(), images.second, namespace);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'Job', 'Job', 'Completed'], namespace);
      // A Job that had been made twice would have had its pods twice.
      const at = `/api/v1/namespaces/${namespace}/pods?labelSelector=batch.kubernetes.io%2Fjob-name`;
      const { items } = (await stage.send('GET', at)) as unknown as { readonly items: readonly unknown[] };
      t.is(items.length, 2, namespace);
    };
  };
  const points = await killPoints(t, stage, await waiting('jobs-none'));
  t.is(points.filter(({ write }) => write === 'create jobs').length, 2);
  await killedAfterEach(t, stage, points, 'jobs', waiting);
});
