import test from 'ava';
import { conditionOf, images } from '../stage/shop.ts';
import { path } from '../stage/promotions.ts';
import { waitFor, type Answer } from '../harness/index.ts';
import { Hall, verdict, type Place } from '../stage/hall.ts';
import type { Json } from '../stage/stage.ts';

let hall: Hall;
test.before(async () => {
  hall = await Hall.open(import.meta.filename);
});
test.after.always(async () => {
  await hall?.close();
});

const annotate = (at: string, annotations: Json, as: string): Promise<Answer> =>
  hall.stage.cluster.request('PATCH', at, {
    body: { metadata: { annotations } },
    contentType: 'application/merge-patch+json',
    as,
  });

const MARK = 'BEGIN SSH SIGNATURE';
/** Looks like a signature to admission, and is none. */
const junk = (index: number): string =>
  `-----${MARK}-----\nU1NIU0lH${String(index).padStart(4, '0')}\n-----END SSH SIGNATURE-----\n`;
const flood = (count: number): Readonly<Record<string, string>> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`vote.twinlock.dev/junk-${index}`, junk(index)]));
const without = (votes: Readonly<Record<string, string>>): Json =>
  Object.fromEntries(Object.keys(votes).map((name) => [name, null]));

/** Waits until status has as many votes, then takes all of the noise away. */
async function cleared(place: Place, as: string, promotion = 'web-42'): Promise<Answer> {
  await place.shop.promotion(promotion, ({ status }) => (status?.approval?.votes?.length ?? 0) >= 32);
  return annotate(place.promotionPath(promotion), without(flood(32)), as);
}

test.serial('denied: an approval, by as many junk votes as a promotion may carry (a rogue approver)', async (t) => {
  const { alice } = hall.voters;
  const place = await hall.waiting('junk-votes');
  const { kubeconfig } = hall.stage.people.mallory;
  t.is((await annotate(place.promotionPath(), flood(32), kubeconfig)).status, 200);
  t.is((await place.carry('alice', alice.sign(await place.statement()))).status, 403, 'there is no room for more');
  // Whoever may write promotions clears the room again: status has every one of them, letter by letter.
  const gone = await cleared(place, hall.agent);
  t.is(gone.status, 200, JSON.stringify(gone.body));
  t.is(verdict(await place.vote(alice)), 'true Counted');
  await place.passes(t);
});

test.serial('denied: the same before a round is open, when nobody counts (a rogue approver)', async (t) => {
  const { alice } = hall.voters;
  const place = await hall.production('junk-before');
  await place.shop.promote('web-42', 'pr-42');
  await place.shop.phase('web-42', 'Gating');
  t.is((await annotate(place.promotionPath(), flood(32), hall.stage.people.mallory.kubeconfig)).status, 200);
  const seen = await place.shop.promotion('web-42', ({ status }) => status?.approval?.votes?.length === 32);
  t.true(seen.status?.approval?.votes?.every(({ valid, reason }) => !valid && reason === 'NotCounted'));
  const gone = await cleared(place, hall.agent);
  t.is(gone.status, 200, JSON.stringify(gone.body));
  await place.shop.environment('pr-42', images.second);
  await place.shop.phase('web-42', 'AwaitingApproval');
  await place.vote(alice);
  await place.passes(t);
});

test.serial("denied: another's approval that has begun, by asking for something newer (an agent)", async (t) => {
  const { bob, carol } = hall.voters;
  const { people } = hall.stage;
  const place = await hall.waiting('at-will', { policy: { quorum: [{ count: 2 }] }, as: people.alice });
  t.is(verdict(await place.vote(carol)), 'true Counted');
  await place.shop.environment('pr-43', images.third);
  await place.shop.promote('web-43', 'pr-43');
  await place.shop.phase('web-43', 'AwaitingApproval');
  const stands = await place.looked();
  t.is(stands.status?.phase, 'AwaitingApproval', 'both stand');
  t.is(stands.status?.approval?.quorum?.[0]?.have, 1);
  await place.vote(bob);
  await place.passes(t);
});

test.serial('allowed: whoever asked for a promotion replaces it by a newer one, votes or not', async (t) => {
  const { alice, bob } = hall.voters;
  const place = await hall.waiting('own-newer', { policy: { quorum: [{ count: 2 }] } });
  await place.vote(alice);
  await place.shop.environment('pr-43', images.third);
  await place.shop.promote('web-43', 'pr-43');
  await place.shop.phase('web-42', 'Superseded');
  await place.vote(alice, 'web-43');
  await place.vote(bob, 'web-43');
  await place.passes(t, 'web-43', images.third);
});

test.serial('denied: a target to everybody else, by a flood of promotions (an agent)', async (t) => {
  const { bob } = hall.voters;
  const place = await hall.production('flooded');
  await place.shop.environment('pr-42', images.second);
  const names = Array.from({ length: 60 }, (_, index) => `flood-${index}`);
  await Promise.all(names.map((name) => place.shop.promote(name, 'pr-42', { spec: { supersedes: 'None' } })));
  await place.shop.promote('web-42', 'pr-42', { as: hall.stage.people.alice, spec: { supersedes: 'None' } });
  await place.shop.phase('web-42', 'AwaitingApproval', 60_000);
  await waitFor('the flood waits behind itself', async (seen) => {
    const { body } = await hall.stage.cluster.request('GET', path('flooded', 'promotions'));
    const { items } = body as { readonly items: readonly Parameters<typeof conditionOf>[0][] };
    const waiting = items.filter((item) => conditionOf(item, 'Ready')?.reason === 'TooManyOpen').length;
    seen(waiting);
    return waiting >= 40;
  });
  await place.vote(bob);
  await place.passes(t);
});
