import test from 'ava';
import type { RunningProcess } from '../../operator/process-options.ts';
import { conditionOf, images, Shop } from './promotions/shop.ts';
import { openStage, type Stage } from './promotions/stage.ts';

let stage: Stage;
let operator: RunningProcess;

test.before(async () => {
  stage = await openStage();
  operator = await stage.startProcess();
});
test.after.always(async () => {
  await operator?.stop();
  await stage?.close();
});

test('a vote by stock ssh-keygen and kubectl brings to production what ran in the environment', async (t) => {
  const shop = await new Shop(stage, 'story').open();
  await shop.ready();
  await shop.environment('pr-42', images.second);
  await shop.promote('web-42', 'pr-42');
  const waiting = await shop.phase('web-42', 'AwaitingApproval');
  t.is(conditionOf(waiting, 'Ready')?.status, 'True');
  t.is(conditionOf(waiting, 'Ready')?.reason, 'AwaitingApproval');
  t.is(await shop.image(), images.first);
  await shop.vote('web-42', stage.people.alice);
  const done = await shop.phase('web-42', 'Completed');
  t.is(await shop.image(), images.second);
  t.is(conditionOf(done, 'RolledOut')?.status, 'True');
  t.log(JSON.stringify(await shop.records()).slice(0, 300));
});
