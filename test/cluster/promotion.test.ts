import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { run, waitFor } from '../harness/index.ts';
import { SteppedClock } from '../stage/clock.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';

const verifyChain = join(import.meta.dirname, '../../examples/audit/verify-chain.sh');
let stage: Stage;
const clock = new SteppedClock();

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess({}, clock.overrides);
});
test.after.always(() => stage?.stop());

async function shop(namespace: string, options: Parameters<Shop['open']>[0] = {}): Promise<Shop> {
  const opened = await new Shop(stage, namespace).open(options);
  return opened.ready();
}

/** A shop with a promotion of `images.second` that waits for votes. */
async function waiting(namespace: string, options: Parameters<Shop['open']>[0] = {}): Promise<Shop> {
  const opened = await shop(namespace, options);
  await opened.environment('pr-42', images.second);
  await opened.promote('web-42', 'pr-42');
  await opened.phase('web-42', 'AwaitingApproval');
  return opened;
}

test.serial('a vote by stock ssh-keygen and kubectl brings to production what ran in the environment', async (t) => {
  const story = await waiting('story');
  const asked = await story.phase('web-42', 'AwaitingApproval');
  t.is(conditionOf(asked, 'Ready')?.status, 'True');
  t.is(conditionOf(asked, 'Ready')?.reason, 'AwaitingApproval');
  t.is(conditionOf(asked, 'GatesPassed')?.status, 'True');
  t.is(conditionOf(asked, 'Approved')?.status, 'False');
  t.is(await story.image(), images.first);

  await story.vote('web-42', stage.people.alice);
  const done = await story.phase('web-42', 'Completed');
  t.is(await story.image(), images.second);
  t.is(conditionOf(done, 'RolledOut')?.status, 'True');
  t.is(done.status?.approval?.votes?.[0]?.principal, 'alice');
  t.deepEqual(
    (await story.records()).map(({ type, outcome }) => outcome?.result ?? type),
    ['Adopted', 'Round', 'Approved', 'Completed'],
  );
  const target = await story.target(({ status }) => status?.current?.[0]?.promotion === 'web-42');
  t.is(target.status?.enforcement, 'Active');
});

test.serial('every transition is an event on the promotion', async (t) => {
  const events = await waitFor('the events are there', async (seen) => {
    const { stdout } = await stage.cluster.kubectl([
      'events',
      '-n',
      'story',
      '--for',
      'promotion/web-42',
      '-o',
      'jsonpath={.items[*].reason}',
    ]);
    seen(stdout);
    return stdout.includes('Completed') && stdout.split(' ');
  });
  const each = ['Applied', 'Applied', 'Approved', 'Completed', 'LockOpened', 'RoundOpened'];
  t.deepEqual(events.toSorted(), each, 'one for each workload');
});

test.serial(
  'an exported chain is verified offline by jq, sha256sum and ssh-keygen, and a changed one is not',
  async (t) => {
    const exported = join(stage.folder, 'records.json');
    const { stdout } = await stage.cluster.kubectl(['get', 'promotionrecords', '-n', 'story', '-o', 'json']);
    await writeFile(exported, stdout);
    const good = await run('bash', [verifyChain, exported, 'web'], { check: false, timeout: 30_000 });
    t.is(good.code, 0, good.stdout + good.stderr);
    t.regex(good.stdout, /4 records of target web hold together, 1 votes verify/);
    await writeFile(exported, stdout.replace('"KeyVerified"', '').replace('alice approved it', 'mallory approved it'));
    const bad = await run('bash', [verifyChain, exported, 'web'], { check: false, timeout: 30_000 });
    t.is(bad.code, 1, bad.stdout + bad.stderr);
    t.regex(bad.stdout, /FAULT record 3 was changed/);
  },
);

test.serial('a rejection is final, whatever was or will be approved', async (t) => {
  const place = await shop('rejected', { target: { approvalPolicyRef: { name: 'two' } } });
  await place.environment('pr-42', images.second);
  await place.promote('web-42', 'pr-42');
  const stuck = await place.promotion('web-42', (promotion) => conditionOf(promotion, 'Stalled')?.status === 'True');
  t.is(conditionOf(stuck, 'Stalled')?.reason, 'PolicyMissing', 'a policy that does not exist asks nobody');
  await stage.cluster.apply([
    {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'ApprovalPolicy',
      metadata: { name: 'two' },
      spec: { quorum: [{ count: 2 }] },
    },
  ]);
  await place.phase('web-42', 'AwaitingApproval');
  await place.vote('web-42', stage.people.alice);
  const half = await place.promotion('web-42', ({ status }) => status?.approval?.quorum?.[0]?.have === 1);
  t.is(half.status?.phase, 'AwaitingApproval');
  await place.vote('web-42', stage.people.bob, { decision: 'reject' });
  const over = await place.phase('web-42', 'Rejected');
  t.is(conditionOf(over, 'Stalled')?.status, 'True');
  t.is(await place.image(), images.first);
  const outcome = (await place.records()).at(-1);
  t.is(outcome?.outcome?.result, 'Rejected');
  t.true(outcome?.votes?.some(({ principal, decision }) => principal === 'bob' && decision === 'reject'));
});

test.serial(
  "the requester's own vote and one by a key that is not enrolled are reported and not counted",
  async (t) => {
    const place = await shop('own-vote');
    await place.environment('pr-42', images.second);
    await place.promote('web-42', 'pr-42', { as: stage.people.alice });
    await place.phase('web-42', 'AwaitingApproval');
    await place.vote('web-42', stage.people.alice);
    await place.vote('web-42', stage.people.mallory);
    const { status } = await place.promotion('web-42', (promotion) => promotion.status?.approval?.votes?.length === 2);
    t.deepEqual(status?.approval?.votes?.map(({ valid, reason }) => `${String(valid)} ${reason}`).toSorted(), [
      'false NotEnrolled',
      'false Requester',
    ]);
    t.is(await place.image(), images.first);
    await place.vote('web-42', stage.people.bob);
    await place.phase('web-42', 'Completed');
    t.is(await place.image(), images.second);
  },
);

test.serial('a round stays open when the environment moves on and when it is deleted', async (t) => {
  const place = await waiting('latched');
  const before = await place.phase('web-42', 'AwaitingApproval');
  await stage.send(
    'PATCH',
    `${path('latched-dev', 'twinenvironments', 'pr-42')}/status`,
    {
      status: { workloads: [{ name: 'web', images: [{ container: 'web', image: images.third }], ready: true }] },
    },
    stage.accounts.environments,
  );
  await stage.send('DELETE', path('latched-dev', 'twinenvironments', 'pr-42'));
  await place.vote('web-42', stage.people.alice);
  const done = await place.phase('web-42', 'Completed');
  t.is(done.status?.approval?.round?.nonce, before.status?.approval?.round?.nonce);
  t.is(await place.image(), images.second);
});

test.serial('votes of a round that production has outgrown are stale, and a new round says why', async (t) => {
  const place = await waiting('outgrown', { target: { approvalPolicyRef: { name: 'two' } } });
  await place.vote('web-42', stage.people.alice);
  await place.promotion('web-42', ({ status }) => status?.approval?.quorum?.[0]?.have === 1);
  const first = await place.phase('web-42', 'AwaitingApproval');
  await place.environment('pr-43', images.third);
  await place.promote('web-43', 'pr-43', { spec: { supersedes: 'None' } });
  await place.phase('web-43', 'AwaitingApproval');
  await place.vote('web-43', stage.people.alice);
  await place.vote('web-43', stage.people.bob);
  await place.phase('web-43', 'Completed');
  const again = await place.promotion(
    'web-42',
    ({ status }) =>
      status?.phase === 'AwaitingApproval' && status.approval?.round?.nonce !== first.status?.approval?.round?.nonce,
  );
  t.true(again.status?.approval?.votes?.some(({ reason }) => reason === 'StaleRound'));
  t.true(again.status?.why?.some((line) => /live content changed/.test(line)));
  t.is(again.status?.approval?.quorum?.[0]?.have, 0);
  t.is(await place.image(), images.third);
});

test.serial('a policy that is changed closes the round', async (t) => {
  await stage.send('POST', '/apis/twinlock.dev/v1alpha1/approvalpolicies', {
    metadata: { name: 'changing' },
    spec: {},
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ApprovalPolicy',
  });
  const place = await waiting('policy-changed', { target: { approvalPolicyRef: { name: 'changing' } } });
  const first = await place.phase('web-42', 'AwaitingApproval');
  await stage.send('PATCH', '/apis/twinlock.dev/v1alpha1/approvalpolicies/changing', {
    spec: { quorum: [{ count: 2 }] },
  });
  const again = await place.promotion(
    'web-42',
    ({ status }) =>
      status?.approval?.round?.nonce !== first.status?.approval?.round?.nonce && status?.phase === 'AwaitingApproval',
  );
  t.true(again.status?.why?.some((line) => /policy's gates, quorum/.test(line)));
  t.is(again.status?.approval?.quorum?.[0]?.need, 2);
});

test.serial('a promotion that nobody approved in time expires', async (t) => {
  const place = await shop('expiring');
  await place.environment('pr-42', images.second);
  await place.promote('web-42', 'pr-42', { spec: { expiresAfter: '1h' } });
  await place.phase('web-42', 'AwaitingApproval');
  clock.pass(3_600_000);
  const over = await place.phase('web-42', 'Expired');
  clock.back();
  t.is(conditionOf(over, 'Stalled')?.reason, 'Expired');
  t.is((await place.records()).at(-1)?.outcome?.result, 'Expired');
});

test.serial('a newer promotion takes the place of one that waits, and the newer one only', async (t) => {
  const place = await waiting('superseding');
  await place.environment('pr-43', images.third);
  await place.promote('web-43', 'pr-43');
  const older = await place.phase('web-42', 'Superseded');
  t.regex(conditionOf(older, 'Ready')?.message ?? '', /web-43/);
  await place.vote('web-43', stage.people.bob);
  await place.phase('web-43', 'Completed');
  t.is(await place.image(), images.third);
});

test.serial('what people approved stays out of production while somebody holds it', async (t) => {
  const hold = { name: 'freeze', owner: 'release-captain', reason: 'the sale' };
  const place = await waiting('held', { target: { holds: [hold] } });
  await place.vote('web-42', stage.people.alice);
  const held = await place.promotion('web-42', (promotion) => conditionOf(promotion, 'Ready')?.reason === 'Held');
  t.is(held.status?.phase, 'AwaitingApproval');
  t.true(held.status?.why?.[0]?.startsWith('held by release-captain: the sale'));
  t.is(held.status?.approval?.quorum?.[0]?.have, 1);
  t.is(await place.image(), images.first);
  const { stdout } = await stage.cluster.kubectl(['get', 'productiontarget', 'web', '-n', 'held']);
  t.regex(stdout, /freeze/);
  await stage.send('PATCH', path('held', 'productiontargets', 'web'), { spec: { holds: null } });
  await place.phase('web-42', 'Completed');
  t.is(await place.image(), images.second);
});

test.serial('two promotions that are approved at once: one rollout at a time, the other asks anew', async (t) => {
  const place = await waiting('racing');
  await place.environment('pr-43', images.third);
  await place.promote('web-43', 'pr-43', { spec: { supersedes: 'None' } });
  await place.phase('web-43', 'AwaitingApproval');
  await Promise.all([place.vote('web-42', stage.people.alice), place.vote('web-43', stage.people.bob)]);
  const phases = async (): Promise<readonly (string | undefined)[]> => [
    (await place.promotion('web-42', () => true)).status?.phase,
    (await place.promotion('web-43', () => true)).status?.phase,
  ];
  const settled = await waitFor('one is rolled out, and the other asks', async (seen) => {
    const now = await phases();
    seen(now);
    return now.toSorted().join() === 'AwaitingApproval,Completed' && now;
  });
  t.is(await place.image(), settled[0] === 'Completed' ? images.second : images.third);
  const results = (await place.records()).flatMap(({ outcome }) => outcome?.result ?? []);
  t.deepEqual(results, ['Approved', 'Completed']);
});

test.serial('a rollout that fails is taken back to the signed fallback', async (t) => {
  stage.pods.break(images.third);
  const place = await shop('failing', { deployment: { progressDeadlineSeconds: 2 } });
  await place.environment('pr-42', images.third);
  await place.promote('web-42', 'pr-42');
  await place.phase('web-42', 'AwaitingApproval');
  await place.vote('web-42', stage.people.alice);
  const back = await place.phase('web-42', 'RolledBack', 40_000);
  t.is(await place.image(), images.first);
  t.is(conditionOf(back, 'Ready')?.reason, 'ProgressDeadlineExceeded');
  const target = await place.target(
    ({ status }) => status?.current?.every(({ images: [only] = [] }) => only?.image === images.first) ?? false,
  );
  t.deepEqual(
    target.status?.current?.map(({ name, promotion }) => [name, promotion]),
    [
      ['web', undefined],
      ['worker', undefined],
    ],
    'what runs again was adopted, not promoted',
  );
  t.is((await place.records()).at(-1)?.outcome?.result, 'RolledBack');
});
