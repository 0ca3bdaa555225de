/** As many workloads as a large application has, in one target and one promotion. */
import test from 'ava';
import { waitFor } from '../harness/index.ts';
import { deploymentPath, openPromotions, type Stage } from '../stage/promotions.ts';
import { images, Shop } from '../stage/shop.ts';
import type { Json } from '../stage/stage.ts';

const COUNT = 50;
const names = ['web', ...Array.from({ length: COUNT - 1 }, (_, index) => `web-${index + 1}`)];
let stage: Stage;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess();
});
test.after.always(() => stage?.stop());

function deployment(name: string, image: string): Json {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'many' },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image }] } },
    },
  };
}

interface Deployments {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: {
      readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
    };
    readonly status?: { readonly availableReplicas?: number };
  }[];
}
const deployments = async (): Promise<Deployments['items']> =>
  ((await stage.send('GET', deploymentPath('many'))) as unknown as Deployments).items;

test('a promotion of fifty workloads goes live as one, in the order that was signed', async (t) => {
  t.timeout(240_000);
  const others = names.slice(1).map((name) => deployment(name, images.first));
  const shop = await new Shop(stage, 'many').open({
    before: others,
    target: { workloads: names.map((name) => ({ kind: 'Deployment', name })) },
  });
  await waitFor(
    'all of them to run',
    async (seen) => {
      const ready = (await deployments()).filter(({ status }) => status?.availableReplicas === 1).length;
      seen(ready);
      return ready === COUNT;
    },
    { timeout: 120_000 },
  );
  await shop.ready();
  const ran = names.map((name) => ({ name, image: images.second, port: 8080 }));
  const seen = names.map((name) => ({ name, images: [{ container: name, image: images.second }], ready: true }));
  await shop.environment('pr-42', images.second, { workloads: seen }, ...ran);
  await shop.promote('web-42', 'pr-42');
  await shop.phase('web-42', 'AwaitingApproval', 60_000);
  await shop.vote('web-42', stage.people.alice);
  const { status } = await shop.phase('web-42', 'Completed', 120_000);
  t.deepEqual(
    status?.rollout?.workloads?.map(({ name, state }) => `${name} ${state}`),
    names.map((name) => `${name} Available`),
  );
  const live = await deployments();
  t.is(live.length, COUNT);
  t.deepEqual([...new Set(live.map(({ spec }) => spec.template.spec.containers[0]?.image))], [images.second]);
  t.is((await shop.records()).at(-1)?.outcome?.result, 'Completed');
});
