import test from 'ava';
import { conditionOf, images } from '../stage/shop.ts';
import { path } from '../stage/promotions.ts';
import { allowed, denied } from './assert.ts';
import { Hall, promotionOf, verdict } from '../stage/hall.ts';
import { messageOf } from '../stage/objects.ts';
import { request } from '../stage/requester.ts';

let hall: Hall;
test.before(async () => {
  hall = await Hall.open(import.meta.filename);
});
test.after.always(async () => {
  await hall?.close();
});

/** Twenty-four annotations that say that they are signatures. */
function noise(from: number): Readonly<Record<string, string>> {
  const numbers = Array.from({ length: 24 }, (_, index) => from + index);
  return Object.fromEntries(
    numbers.map((n) => [
      `vote.twinlock.dev/n${n}`,
      `-----BEGIN SSH SIGNATURE-----\nU1NIU0lH${String(n).padStart(4, '0')}\n-----END SSH SIGNATURE-----`,
    ]),
  );
}

const two = { policy: { quorum: [{ count: 2 }] } };

test.serial(
  'denied: a vote copied to another promotion (whoever reads status); allowed: where it belongs',
  async (t) => {
    const { alice } = hall.voters;
    const place = await hall.waiting('other-promotion');
    await place.shop.promote('web-43', 'pr-42', { spec: { supersedes: 'None' } });
    await place.shop.phase('web-43', 'AwaitingApproval');
    const armor = alice.sign(await place.statement('web-42'));
    t.is(verdict(await place.cast('alice', armor, { promotion: 'web-43' })), 'false WrongStatement');
    await place.untouched(t, 'web-43');
    await place.cast('alice', armor);
    await place.passes(t);
  },
);

test.serial("denied: a vote for another cluster's promotion of the same names (whoever has both)", async (t) => {
  const { alice } = hall.voters;
  const { metadata } = await hall.stage.send('GET', '/api/v1/namespaces/kube-system');
  const { uid } = metadata as { readonly uid: string };
  const place = await hall.waiting('other-cluster');
  const statement = await place.statement();
  t.is(statement.split(uid).length, 2, 'the statement names this cluster');
  const elsewhere = statement.replace(uid, '00000000-1111-4222-8333-444444444444');
  t.is(verdict(await place.cast('elsewhere', alice.sign(elsewhere))), 'false WrongStatement');
  await place.untouched(t);
  await place.cast('here', alice.sign(statement));
  await place.passes(t);
});

test.serial('denied: a vote of an earlier round, also under a new name (an agent in a hurry)', async (t) => {
  const { alice, bob } = hall.voters;
  const place = await hall.waiting('other-round', two);
  const [nonce, old] = [await place.nonce(), alice.sign(await place.statement())];
  t.is(verdict(await place.cast('alice-early', old)), 'true Counted');
  await place.setPolicy({ quorum: [{ count: 2 }], separation: { requester: false } });
  await place.nextRound(nonce);
  t.is(verdict(await place.judged('alice-early')), 'false StaleRound');
  await place.carry('zz-again', old);
  t.is(verdict(await place.vote(bob)), 'true Counted');
  t.is(await place.have(), 1);
  await place.untouched(t);
  await place.vote(alice);
  await place.passes(t);
});

test.serial(
  'denied: votes for a promotion that was deleted and made again with the same name (an agent)',
  async (t) => {
    const { alice, bob } = hall.voters;
    const place = await hall.waiting('same-name', two);
    const old = alice.sign(await place.statement());
    t.is(verdict(await place.cast('alice', old)), 'true Counted');
    await hall.stage.send('DELETE', place.promotionPath(), undefined, hall.agent);
    await place.shop.promote('web-42', 'pr-42');
    await place.shop.phase('web-42', 'AwaitingApproval');
    t.is(await place.have(), 0);
    t.is(verdict(await place.cast('alice', old)), 'false WrongStatement');
    t.is(verdict(await place.vote(bob)), 'true Counted');
    t.is(await place.have(), 1);
    await place.untouched(t);
    await place.vote(alice);
    await place.passes(t);
  },
);

test.serial('denied: another spec after the first vote (the agent who asked, and the admin)', async (t) => {
  const { alice, bob } = hall.voters;
  const place = await hall.waiting('other-spec', two);
  await place.shop.environment('evil', images.evil);
  await place.vote(alice);
  const send = (as?: string) =>
    hall.stage.cluster.request('PATCH', place.promotionPath(), {
      body: { spec: { environmentRef: { name: 'evil' } } },
      contentType: 'application/merge-patch+json',
      ...(as !== undefined && { as }),
    });
  for (const answer of [await send(hall.agent), await send()]) {
    t.is(answer.status, 422);
    t.regex(messageOf(answer), /a Promotion cannot be changed: create another one/);
  }
  await place.vote(bob);
  await place.passes(t);
});

test.serial(
  'denied: approvals that production has outgrown by an approved way (a vote that was kept back)',
  async (t) => {
    const { alice, bob } = hall.voters;
    const place = await hall.waiting('drifted', two);
    const nonce = await place.nonce();
    await place.vote(alice);
    const keptBack = bob.sign(await place.statement());
    await place.shop.environment('pr-43', images.third);
    await place.shop.promote('web-43', 'pr-43', { spec: { supersedes: 'None' } });
    await place.shop.phase('web-43', 'AwaitingApproval');
    await place.vote(alice, 'web-43');
    await place.vote(bob, 'web-43');
    await place.passes(t, 'web-43', images.third);
    // Two valid signatures, and one of them was seen in time: yet what they are about is not there any more.
    t.true((await place.carry('kept-back', keptBack)).status === 200);
    const { status } = await place.nextRound(nonce);
    t.is(status?.approval?.quorum?.[0]?.have, 0);
    t.is(verdict(await place.judged('kept-back')), 'false StaleRound');
    t.is(await place.shop.image(), images.third);
    await place.vote(alice);
    await place.vote(bob);
    await place.passes(t);
  },
);

test.serial('denied: a vote overwritten or muted (an agent, the admin); removed, it still counts', async (t) => {
  const { alice, bob } = hall.voters;
  const place = await hall.waiting('muted', two);
  // As a shell's $(...) hands it on.
  await place.cast('alice', alice.sign(await place.statement()).trimEnd());
  for (const as of [hall.agent, hall.stage.people.mallory.kubeconfig, hall.stage.cluster.kubeconfig])
    denied(t, await place.carry('alice', 'x', { as }), 'votes', /keeps every vote/);
  const removed = await hall.stage.cluster.request('PATCH', place.promotionPath(), {
    body: { metadata: { annotations: { 'vote.twinlock.dev/alice': null } } },
    contentType: 'application/merge-patch+json',
    as: hall.agent,
  });
  allowed(t, removed);
  await place.shop.promotion('web-42', ({ status }) => status?.approval?.votes?.[0]?.annotation === undefined);
  t.is(await place.have(), 1);
  await place.vote(bob);
  await place.passes(t);
});

test.serial(
  'denied: a reject muted before the controller saw it (another approver); allowed: what status has',
  async (t) => {
    const { alice } = hall.voters;
    const { alice: person, mallory } = hall.stage.people;
    const place = await hall.waiting('muting', two);
    const remove = (label: string) =>
      hall.stage.cluster.request('PATCH', place.promotionPath(), {
        body: { metadata: { annotations: { [`vote.twinlock.dev/${label}`]: null } } },
        contentType: 'application/merge-patch+json',
        as: mallory.kubeconfig,
      });
    const armor = alice.sign(await place.statement());
    await hall.stopOperator();
    allowed(t, await place.carry('alice', armor, { as: person.kubeconfig }));
    denied(t, await remove('alice'), 'votes', /until its status has it/);
    await hall.startOperator();
    await place.judged('alice');
    allowed(t, await remove('alice'));
    t.is(await place.have(), 1);
  },
);

test.serial(
  'denied: a reject muted while nobody counts, by taking it away and by noise before and after it (another approver)',
  async (t) => {
    const { alice, bob, carol } = hall.voters;
    const { mallory } = hall.stage.people;
    const place = await hall.waiting('muting-later', two);
    const { status } = await place.shop.promotion('web-42', ({ status: s }) => s?.approval?.statements !== undefined);
    const reject = alice.sign(status?.approval?.statements?.reject ?? '');
    await place.setTarget({ approvalPolicyRef: { name: 'away' } });
    await place.shop.promotion('web-42', (p) => conditionOf(p, 'Stalled')?.reason === 'PolicyMissing');
    const annotate = async (annotations: Readonly<Record<string, string | null>>): Promise<void> => {
      const answer = await hall.stage.cluster.request('PATCH', place.promotionPath(), {
        body: { metadata: { annotations } },
        contentType: 'application/merge-patch+json',
        as: mallory.kubeconfig,
      });
      allowed(t, answer);
    };
    const mute = async (votes: Readonly<Record<string, string>>): Promise<void> => {
      await annotate(votes);
      await place.looked();
      await annotate(Object.fromEntries(Object.keys(votes).map((name) => [name, null])));
      await place.looked();
    };
    await mute(noise(0));
    await mute({ 'vote.twinlock.dev/alice': reject });
    await mute(noise(100));
    await place.setTarget({ approvalPolicyRef: { name: 'muting-later' } });
    await place.shop.phase('web-42', 'Rejected');
    await place.carry('bob', bob.sign(await place.statement()));
    await place.carry('carol', carol.sign(await place.statement()));
    await place.untouched(t);
  },
);

test.serial(
  'allowed: a vote that ends with a line break is removed once status has it (an agent tidies up)',
  async (t) => {
    const place = await hall.waiting('line-break', two);
    const armor = hall.voters.alice.sign(await place.statement());
    t.true(armor.endsWith('\n'));
    await place.cast('alice', armor);
    const removed = await hall.stage.cluster.request('PATCH', place.promotionPath(), {
      body: { metadata: { annotations: { 'vote.twinlock.dev/alice': null } } },
      contentType: 'application/merge-patch+json',
      as: hall.agent,
    });
    allowed(t, removed);
    t.is(await place.have(), 1);
  },
);

test.serial('denied: a vote that is there at creation (who may approve, and asks too)', async (t) => {
  const { alice, bob } = hall.voters;
  const place = await hall.waiting('at-creation');
  const collection = path(place.shop.namespace, 'promotions');
  const early = (annotations: object) =>
    request(hall.stage.cluster, 'POST', collection, {
      body: { ...promotionOf(place, 'web-43'), metadata: { name: 'web-43', annotations } },
      as: hall.stage.people.alice.kubeconfig,
    });
  const armor = alice.sign(await place.statement());
  denied(t, await early({ 'vote.twinlock.dev/alice': armor }), 'votes', /cannot be created with votes/);
  allowed(t, await early({ note: 'please' }));
  await place.shop.phase('web-42', 'Superseded');
  await place.shop.phase('web-43', 'AwaitingApproval');
  await place.vote(bob, 'web-43');
  await place.passes(t, 'web-43');
});

test.serial('denied: bad votes that stand before a good one do not mask it (an unlisted voter)', async (t) => {
  const { alice, mallory } = hall.voters;
  const place = await hall.waiting('masked');
  const statement = await place.statement();
  const squatted = `alice-${(await place.nonce()).slice(-6)}`;
  t.is(verdict(await place.cast(squatted, mallory.sign(statement))), 'false NotEnrolled');
  denied(t, await place.carry('aaa', 'yes, please'), 'votes', /paste the whole armor/);
  const good = alice.sign(statement);
  // Long enough for a signature and of its characters, with a line of another length.
  t.is(verdict(await place.cast('aaa', `${good.slice(0, 60)}\n${good.slice(60)}`)), 'false BadArmor');
  t.is(verdict(await place.cast('aab', alice.sign(`${statement} `))), 'false WrongStatement');
  await place.untouched(t);
  await place.cast('zzz', good);
  await place.passes(t);
});
