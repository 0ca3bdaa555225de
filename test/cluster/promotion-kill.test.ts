import test, { type ExecutionContext } from 'ava';
import { chainFaults } from '../../operator/records/index.ts';
import { startDying, type LastWrite } from '../stage/dying.ts';
import { images, Shop, type ShopOptions } from '../stage/shop.ts';
import { openPromotions, type Stage } from '../stage/promotions.ts';
import { systemNamespace } from '../stage/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await openPromotions();
  stage.pods.break(images.third);
});
test.after.always(async () => {
  await stage?.stop();
});

/** A process that dies after `last`, and its successor; `act` is what people do meanwhile. */
async function killed(t: ExecutionContext, last: LastWrite, act: () => Promise<void>): Promise<void> {
  const dying = await startDying(stage.accounts.promotions, systemNamespace, last);
  const successor = dying.dead.then(async () => {
    await dying.stop();
    return stage.startProcess();
  });
  const acted = await act().then(
    () => undefined,
    (error: unknown) => error,
  );
  t.log(dying.writes.join(', '));
  const late = AbortSignal.timeout(1000);
  const never = new Promise<undefined>((resolve) => late.addEventListener('abort', () => resolve(undefined)));
  const running = await Promise.race([successor, never]);
  await (running ?? dying).stop();
  if (acted !== undefined) throw acted;
  t.truthy(running, `it never came to ${last.write}, the ${last.nth}.`);
}

async function story(shop: Shop): Promise<readonly string[]> {
  const records = await shop.records();
  if (chainFaults(records).length > 0) throw new Error(JSON.stringify(chainFaults(records)));
  return records.map(({ type, outcome }) => outcome?.result ?? type);
}

const open = (namespace: string, options: ShopOptions = {}): Promise<Shop> => new Shop(stage, namespace).open(options);

/** From an empty namespace to production: every write that changes what is true. */
const onTheWay: readonly LastWrite[] = [
  { write: 'create workloadlocks', nth: 1 },
  { write: 'patch namespaces', nth: 1 },
  { write: 'create promotionrecords', nth: 1 },
  { write: 'patch productiontargets', nth: 1 },
  { write: 'create promotionrecords', nth: 2 },
  { write: 'patch promotions', nth: 1 },
  { write: 'create promotionrecords', nth: 3 },
  { write: 'replace workloadlocks', nth: 1 },
  { write: 'replace deployments', nth: 1 },
  { write: 'create promotionrecords', nth: 4 },
];
for (const [index, last] of onTheWay.entries())
  test.serial(
    `killed after "${last.write}" (${last.nth}.) it goes on where it was: one chain, one rollout`,
    async (t) => {
      await killed(t, last, async () => {
        const shop = await open(`kill-${index}`);
        await shop.environment('pr-42', images.second);
        await shop.promote('web-42', 'pr-42');
        await shop.phase('web-42', 'AwaitingApproval');
        t.is(await shop.image(), images.first);
        await shop.cast('web-42', stage.people.alice);
        await shop.phase('web-42', 'Completed');
        t.is(await shop.image(), images.second);
        t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'Completed']);
      });
    },
  );

/** From the vote to the fallback: a rollout that fails and is taken back. */
const onTheWayBack: readonly LastWrite[] = [
  { write: 'create promotionrecords', nth: 1 },
  { write: 'replace workloadlocks', nth: 1 },
  { write: 'replace deployments', nth: 1 },
  { write: 'replace deployments', nth: 2 },
  { write: 'create promotionrecords', nth: 2 },
  { write: 'replace workloadlocks', nth: 2 },
];
for (const [index, last] of onTheWayBack.entries())
  test.serial(
    `killed after "${last.write}" (${last.nth}.) while a rollout fails: the fallback is live and alone approved`,
    async (t) => {
      const first = await stage.startProcess();
      const shop = await open(`back-${index}`, { deployment: { progressDeadlineSeconds: 1 } });
      await shop.ready();
      await shop.environment('pr-42', images.third);
      await shop.promote('web-42', 'pr-42');
      await shop.phase('web-42', 'AwaitingApproval');
      await first.stop();
      await killed(t, last, async () => {
        await shop.cast('web-42', stage.people.alice);
        await shop.phase('web-42', 'RolledBack', 40_000);
        await shop.target(({ status }) => status?.current?.[0]?.images?.[0]?.image === images.first);
        t.is(await shop.image(), images.first);
        t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'RolledBack']);
      });
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
  await done.phase('web-42', 'Completed');
  await done.target(({ status }) => status?.current?.[0]?.promotion === 'web-42');
  await first.stop();
  const never: LastWrite = { write: 'nothing', nth: 1 };
  const second = await startDying(stage.accounts.promotions, systemNamespace, never);
  // Work that starts later than the rest: once it is done, so is what came before.
  const marker = await open('settled-marker');
  await marker.ready();
  await marker.environment('pr-42', images.second);
  await marker.promote('web-42', 'pr-42');
  await marker.phase('web-42', 'AwaitingApproval');
  await second.stop();
  t.deepEqual([...new Set(second.namespaces)], ['settled-marker']);
});
