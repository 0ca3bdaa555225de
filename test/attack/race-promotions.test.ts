import test from 'ava';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { deploymentPath, path } from '../stage/promotions.ts';
import { waitFor } from '../harness/index.ts';
import { denied } from './assert.ts';
import { Hall, Place, principal, verdict } from '../stage/hall.ts';
import { messageOf } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let hall: Hall;
test.before(async () => {
  hall = await Hall.open(import.meta.filename);
});
test.after.always(async () => {
  await hall?.close();
});

const own = '/apis/twinlock.dev/v1alpha1';
const patch = (at: string, body: unknown, as?: string) =>
  hall.stage.cluster.request('PATCH', at, {
    body,
    contentType: 'application/merge-patch+json',
    ...(as !== undefined && { as }),
  });

/** How promotions of a place ended or were approved, in order. */
async function outcomes({ shop }: Place): Promise<readonly string[]> {
  return (await shop.records()).flatMap(({ outcome, promotion }) =>
    outcome === undefined ? [] : [`${promotion?.name ?? ''} ${outcome.result}`],
  );
}

test.serial('denied: a second rollout beside the first, both fully signed (two teams at once)', async (t) => {
  const { alice, bob } = hall.voters;
  const place = await hall.waiting('at-once');
  await place.shop.environment('pr-43', images.third);
  await place.shop.promote('web-43', 'pr-43', { spec: { supersedes: 'None' } });
  await place.shop.phase('web-43', 'AwaitingApproval');
  const nonces = { 'web-42': await place.nonce('web-42'), 'web-43': await place.nonce('web-43') };
  const armors = [alice.sign(await place.statement('web-42')), bob.sign(await place.statement('web-43'))] as const;
  await Promise.all([
    place.carry('alice', armors[0], { promotion: 'web-42' }),
    place.carry('bob', armors[1], { promotion: 'web-43' }),
  ]);
  const names = ['web-42', 'web-43'] as const;
  const winner = await waitFor('one of them is completed', async () => {
    const all = await Promise.all(names.map((name) => place.shop.promotion(name, () => true)));
    return all.find(({ status }) => status?.phase === 'Completed')?.metadata.name as (typeof names)[number] | undefined;
  });
  const other = winner === 'web-42' ? 'web-43' : 'web-42';
  await place.nextRound(nonces[other], other);
  t.is(verdict(await place.judged(other === 'web-42' ? 'alice' : 'bob', other)), 'false StaleRound');
  t.deepEqual(await outcomes(place), [`${winner} Approved`, `${winner} Completed`]);
  t.is(await place.shop.image(), winner === 'web-42' ? images.second : images.third);
  await place.vote(alice, other);
  await place.passes(t, other, other === 'web-42' ? images.second : images.third);
  t.deepEqual((await outcomes(place)).slice(2), [`${other} Approved`, `${other} Completed`]);
});

test.serial('denied: a vote for a promotion that a newer one has replaced (an approver who is late)', async (t) => {
  const { alice, bob } = hall.voters;
  const place = await hall.waiting('late');
  const armor = alice.sign(await place.statement());
  await place.shop.environment('pr-43', images.third);
  await place.shop.promote('web-43', 'pr-43');
  await place.shop.phase('web-42', 'Superseded');
  await place.carry('alice', armor);
  await place.vote(bob, 'web-43');
  await place.passes(t, 'web-43', images.third);
  t.is((await place.shop.promotion('web-42', () => true)).status?.phase, 'Superseded');
  t.deepEqual(await outcomes(place), ['web-42 Superseded', 'web-43 Approved', 'web-43 Completed']);
});

test.serial('denied: a status forged to be approved (an agent, an approver, the admin)', async (t) => {
  const { alice, bob } = hall.voters;
  const place = await hall.waiting('forged-status');
  const counted = { valid: true, reason: 'Counted', principal: 'alice', decision: 'approve' };
  const votes = [{ ...counted, armor: bob.sign('something else'), firstSeen: '2026-11-21T08:00:00Z' }];
  const forged = { phase: 'Approved', approval: { votes, quorum: [{ need: 1, have: 1 }] } };
  const at = `${place.promotionPath()}/status`;
  for (const as of [hall.agent, hall.stage.people.mallory.kubeconfig])
    t.is((await patch(at, { status: forged }, as)).status, 403);
  denied(t, await patch(at, { status: forged }), 'operator-only');
  // Beside the subresource a status is not even read.
  await patch(place.promotionPath(), { status: forged, metadata: { labels: { touched: 'yes' } } }, hall.agent);
  await place.vote(hall.voters.mallory);
  await place.untouched(t);
  t.is(await place.have(), 0);
  await place.vote(alice);
  await place.passes(t);
});

test.serial('denied: a second target over the same workload with a weaker policy (who writes targets)', async (t) => {
  const { alice, mallory } = hall.voters;
  const place = await hall.waiting('second-target', { policy: { quorum: [{ count: 2 }] } });
  await weakerTarget(place, 'weak', [{ kind: 'Deployment', name: 'web' }]);
  const target = await place.shop.target(({ status }) => status?.conditions !== undefined, 'weak');
  t.is(conditionOf(target, 'Ready')?.reason, 'WorkloadTaken');
  await place.shop.promote('by-weak', 'pr-42', { spec: { targetRef: { name: 'weak' }, supersedes: 'None' } });
  const asked = await place.shop.promotion('by-weak', (p) => conditionOf(p, 'Ready') !== undefined);
  t.is(conditionOf(asked, 'Ready')?.reason, 'TargetNotReady');
  t.is(asked.status?.approval, undefined, 'there is nothing to sign');
  await place.untouched(t, 'by-weak');
  t.is(verdict(await place.vote(mallory)), 'false NotEnrolled');
  await place.vote(alice);
  await place.vote(hall.voters.bob);
  await place.passes(t);
});

test.serial(
  'denied: a target that takes in the workload of another later, under a weaker policy (who writes targets)',
  async (t) => {
    const { alice } = hall.voters;
    const place = await twoTargets('grown-target');
    await place.setTarget({ workloads: ['web', 'side'].map((name) => ({ kind: 'Deployment', name })) }, 'weak');
    await place.shop.target((target) => conditionOf(target, 'Ready')?.reason === 'WorkloadTaken', 'weak');
    await place.shop.environment('pr-42', images.second);
    await place.shop.promote('by-weak', 'pr-42', { spec: { targetRef: { name: 'weak' }, supersedes: 'None' } });
    await place.shop.promote('web-42', 'pr-42', { spec: { supersedes: 'None' } });
    await place.shop.phase('web-42', 'AwaitingApproval');
    const asked = await place.shop.promotion('by-weak', (p) => conditionOf(p, 'Ready') !== undefined);
    t.true(asked.status?.approval === undefined, 'there is nothing to sign under the weaker policy');
    await place.untouched(t, 'by-weak');
    await place.vote(alice);
    await place.passes(t);
  },
);

test.serial('denied: keyring, policy and target written by those who may not (an agent, an approver)', async (t) => {
  const { alice, mallory } = hall.voters;
  const place = await hall.waiting('written', { policy: { quorum: [{ count: 2 }] } });
  const weak = { spec: { quorum: [{ count: 1 }], separation: { requester: false } } };
  for (const as of [hall.agent, hall.stage.people.mallory.kubeconfig]) {
    t.is((await patch(`${own}/approvalpolicies/written`, weak, as)).status, 403);
    t.is(
      (await patch(`${own}/approverkeyrings/written`, { spec: { principals: [principal(mallory)] } }, as)).status,
      403,
    );
    const target = path(place.shop.namespace, 'productiontargets', 'web');
    t.is((await patch(target, { spec: { approvalPolicyRef: { name: 'default' } } }, as)).status, 403);
  }
  await place.vote(alice);
  t.is(verdict(await place.vote(mallory)), 'false NotEnrolled');
  await place.untouched(t);
  await place.vote(hall.voters.bob);
  await place.passes(t);
});

test.serial(
  'denied: votes from before a policy was weakened, a keyring widened, a policy exchanged (the admin)',
  async (t) => {
    const { alice, bob, carol, mallory } = hall.voters;
    const place = await hall.waiting('weakened', { policy: { quorum: [{ count: 2 }] } });
    const rounds = [await place.nonce()];
    const changed = async (change: () => Promise<unknown>): Promise<void> => {
      const before = rounds.at(-1) ?? '';
      const label = `alice-${before.slice(-6)}`;
      t.is(verdict(await place.cast(label, alice.sign(await place.statement()))), 'true Counted');
      await change();
      await place.nextRound(before);
      rounds.push(await place.nonce());
      t.is(verdict(await place.judged(label)), 'false StaleRound');
      t.is(await place.have(), 0);
      await place.untouched(t);
    };
    await changed(() => place.setPolicy({ quorum: [{ count: 1 }] }));
    await place.setPolicy({ quorum: [{ count: 2 }] });
    await place.nextRound(rounds.at(-1) ?? '');
    rounds.push(await place.nonce());
    await changed(() => place.setPrincipals([alice, bob, carol, mallory].map((voter) => principal(voter))));
    await changed(() => place.setTarget({ approvalPolicyRef: { name: 'default' } }));
    t.is(new Set(rounds).size, rounds.length, 'each change opened a round');
    await place.vote(alice);
    await place.passes(t);
  },
);

test.serial('denied: everybody, where the keyring is empty or does not exist (a keyring forgotten)', async (t) => {
  const { alice } = hall.voters;
  const place = await hall.waiting('empty-keyring', { principals: [] });
  t.is(verdict(await place.vote(alice)), 'false NotEnrolled');
  const { status } = await place.shop.promotion('web-42', () => true);
  t.regex(status?.approval?.missing?.[0] ?? '', /nobody else can/);
  await place.setTarget({ keyringRef: { name: 'nobody-wrote-it' } });
  const stalled = await place.shop.promotion('web-42', (p) => conditionOf(p, 'Stalled')?.status === 'True');
  t.is(conditionOf(stalled, 'Stalled')?.reason, 'KeyringMissing');
  await place.untouched(t);
  await place.setTarget({ keyringRef: { name: 'empty-keyring' } });
  await place.setPrincipals([principal(alice)]);
  await place.shop.promotion(
    'web-42',
    ({ status: s }) => s?.why?.some((line) => /can vote: alice/.test(line)) === true,
  );
  await place.vote(alice);
  await place.passes(t);
});

test.serial(
  'denied: a quorum of nobody, and a policy that does not exist (a policy with a typing error)',
  async (t) => {
    const { alice } = hall.voters;
    const place = await hall.production('no-policy', { target: { approvalPolicyRef: { name: 'defualt' } } });
    for (const quorum of [[], [{ count: 0 }], [{ count: -1 }], [{ group: '', count: 1 }]]) {
      const answer = await patch(`${own}/approvalpolicies/no-policy`, { spec: { quorum } });
      t.is(answer.status, 422, messageOf(answer));
    }
    await place.shop.environment('pr-42', images.second);
    await place.shop.promote('web-42', 'pr-42');
    const stalled = await place.shop.promotion('web-42', (p) => conditionOf(p, 'Stalled')?.status === 'True');
    t.is(conditionOf(stalled, 'Stalled')?.reason, 'PolicyMissing');
    t.is(stalled.status?.approval, undefined);
    await place.untouched(t);
    await place.setTarget({ approvalPolicyRef: { name: 'no-policy' } });
    await place.shop.phase('web-42', 'AwaitingApproval');
    await place.vote(alice);
    await place.passes(t);
  },
);

test.serial('denied: a group that nobody is in, by votes of others (a quorum of the security team)', async (t) => {
  const { alice, bob } = hall.voters;
  const principals = [principal(alice), { ...principal(bob), groups: ['security'] }];
  const place = await hall.waiting('of-a-group', { principals, policy: { quorum: [{ group: 'security', count: 1 }] } });
  t.is(verdict(await place.vote(alice)), 'true NoWeight');
  t.is(await place.have(), 0);
  await place.untouched(t);
  await place.vote(bob);
  await place.passes(t);
});

/** A keyring of mallory's alone, a policy that asks for one vote of anybody, and a target with both. */
async function weakerTarget({ shop }: Place, name: string, workloads: readonly Json[]): Promise<void> {
  const keyring = `${shop.namespace}-${name}`;
  const object = (kind: string, spec: Json): Json => ({
    apiVersion: 'twinlock.dev/v1alpha1',
    kind,
    metadata: { name: kind === 'ProductionTarget' ? name : keyring },
    spec,
  });
  const { send } = hall.stage;
  await send(
    'POST',
    `${own}/approverkeyrings`,
    object('ApproverKeyring', { principals: [principal(hall.voters.mallory)] }),
  );
  await send('POST', `${own}/approvalpolicies`, object('ApprovalPolicy', { separation: { requester: false } }));
  const refs = { keyringRef: { name: keyring }, approvalPolicyRef: { name: keyring } };
  await send('POST', path(shop.namespace, 'productiontargets'), object('ProductionTarget', { workloads, ...refs }));
}

/** Deployments web and side; target web has the former, target weak has the latter. */
async function twoTargets(namespace: string): Promise<Place> {
  const { send, cluster } = hall.stage;
  const shop = new Shop(hall.stage, namespace);
  const place = new Place(hall, shop);
  await send('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await send('POST', '/api/v1/namespaces', {
    metadata: { name: shop.dev, labels: { 'twinlock.dev/environments': 'true' } },
  });
  await waitFor('the default service account', async () => {
    const { status } = await cluster.request('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`);
    return status === 200;
  });
  for (const name of ['web', 'side']) await send('POST', deploymentPath(namespace), shop.deployment(name));
  await send('POST', `${own}/approverkeyrings`, {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ApproverKeyring',
    metadata: { name: namespace },
    spec: { principals: [principal(hall.voters.alice)] },
  });
  await send('POST', path(namespace, 'productiontargets'), {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ProductionTarget',
    metadata: { name: 'web' },
    spec: {
      workloads: [{ kind: 'Deployment', name: 'web' }],
      keyringRef: { name: namespace },
      rollback: { settle: '1s' },
    },
  });
  await weakerTarget(place, 'weak', [{ kind: 'Deployment', name: 'side' }]);
  await shop.target((target) => conditionOf(target, 'Ready')?.status === 'True', 'weak');
  await shop.ready();
  return place;
}
