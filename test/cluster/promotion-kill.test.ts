import test from 'ava';
import { chainFaults } from '../../operator/promotions/records/index.ts';
import { startDying } from './promotions/dying.ts';
import { images, Shop } from './promotions/shop.ts';
import { openStage, systemNamespace, type Stage } from './promotions/stage.ts';

/** More than a promotion from adoption to completion takes; the test ends earlier, when nothing is left to kill. */
const MAX_WRITES = 40;
let stage: Stage;

test.before(async () => {
  stage = await openStage();
});
test.after.always(async () => {
  await stage?.close();
});

test('killed after any of its writes, the process goes on where it was: one chain, one rollout, no third content', async (t) => {
  t.timeout(280_000);
  const killedAfter: string[] = [];
  for (let last = 1; last <= MAX_WRITES; last++) {
    const { died, writes } = await promoteOnce(`kill-${last}`, last);
    killedAfter.push(writes.at(-1) ?? '');
    if (!died) break;
  }
  t.log(killedAfter.join(', '));
  t.true(killedAfter.includes('create workloadlocks'));
  t.true(killedAfter.includes('patch namespaces'));
  t.true(killedAfter.includes('create promotionrecords'));
  t.true(killedAfter.includes('replace workloadlocks'));
  t.true(killedAfter.includes('replace deployments'));
  t.true(killedAfter.length < MAX_WRITES, 'the last run was not killed at all');

  async function promoteOnce(
    namespace: string,
    last: number,
  ): Promise<{ readonly died: boolean; readonly writes: readonly string[] }> {
    const dying = await startDying(stage.processes.promotions, systemNamespace, last);
    let died = false;
    const successor = dying.dead.then(async () => {
      died = true;
      await dying.stop();
      return stage.startProcess();
    });
    const shop = await new Shop(stage, namespace).open();
    await shop.environment('pr-42', images.second);
    await shop.promote('web-42', 'pr-42');
    await shop.phase('web-42', 'AwaitingApproval');
    t.is(await shop.image(), images.first, `before the vote, killed after ${dying.writes.join(', ')}`);
    await shop.cast('web-42', stage.people.alice);
    await shop.phase('web-42', 'Completed');
    t.is(await shop.image(), images.second);
    const records = await shop.records();
    t.deepEqual(chainFaults(records), []);
    const results = records.map(({ type, outcome }) => outcome?.result ?? type);
    t.deepEqual(results, ['Adopted', 'Round', 'Approved', 'Completed'], `killed after ${dying.writes.join(', ')}`);
    if (died) await (await successor).stop();
    else await dying.stop();
    return { died, writes: [...dying.writes] };
  }
});
