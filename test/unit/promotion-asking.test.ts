import test from 'ava';
import type { RecordSpec } from '../../operator/records/index.ts';
import {
  decide,
  keyring,
  keys,
  now,
  policy,
  promotion,
  run,
  target,
  until,
  voted,
  world,
  type Scene,
} from './promotion-world.ts';

const HOUR = 3_600_000;
const OBJECT =
  'to object, sign .status.approval.statements.reject in the same way: one valid rejection ends this promotion for good';
const two = policy({ quorum: [{ count: 2 }] });

/** A promotion that may be approved for so long, with gates that hold for so long. */
const lasting = (expiresAfter: string, evidenceMaxAge: string): Scene =>
  run(world({ promotion: promotion('web-42', { spec: { expiresAfter } }), policy: policy({ evidenceMaxAge }) })).world;

test('who waits for votes is told what is missing, the commands and how to object', (t) => {
  const { verdict } = decide(run(world()).world);
  t.is(verdict.message, verdict.why?.[0] ?? '');
  t.regex(verdict.message, /vote/);
  const [read, sign, annotate] = verdict.why?.slice(-4) ?? [];
  t.is(
    read,
    "kubectl get promotion web-42 -n shop -o jsonpath='{.status.approval.statements.approve}' > s.json; less s.json",
  );
  t.regex(sign ?? '', /^rm -f s\.json\.sig; ssh-keygen -Y sign .* s\.json$/);
  t.is(
    annotate,
    'kubectl annotate promotion web-42 -n shop --field-manager=vote "vote.twinlock.dev/my-name-abcdef=$(cat s.json.sig)"',
  );
  t.is(verdict.why?.at(-1), OBJECT);
});

test('a round that took the place of another says why votes before it count no longer', (t) => {
  const open = run(world()).world;
  const { decision } = run({ ...open, policy: two, nonce: 'f'.repeat(32) });
  t.deepEqual(decision.verdict.why?.slice(-2), [
    OBJECT,
    "votes of the round before count no longer: the policy's gates, quorum or separation changed",
  ]);
});

test('it is looked at again when its time ends or its gates expire, whichever is first', (t) => {
  t.is(decide(lasting('2h', '168h')).verdict.requeueAfter, HOUR + 1);
  t.is(decide(lasting('900h', '2h')).verdict.requeueAfter, 2 * HOUR + 1);
  const later = { ...lasting('900h', '2h'), now: now + HOUR };
  t.is(decide(later).verdict.requeueAfter, HOUR + 1);
});

test('the first round says that the gates have passed, the next what closed the one before', (t) => {
  const first = decide(world()).verdict;
  t.deepEqual([first.phase, first.reason], ['Gating', 'OpeningRound']);
  t.is(first.message, 'the gates have passed, votes are asked for next');
  const next = decide({ ...run(world()).world, policy: two, nonce: 'f'.repeat(32) }).verdict;
  t.is(next.message, "the policy's gates, quorum or separation changed");
});

test('an approval and a rejection name who gave them, each person once', (t) => {
  const open = run(world({ policy: two })).world;
  const both = voted(voted(open, keys.alice, 'approve', 'a'), keys.bob, 'approve', 'b');
  const approved = decide(both).verdict;
  t.is(approved.reason, 'QuorumReached');
  t.is(approved.message.split(' ').toSorted().join(' '), ['alice,', 'approved', 'bob', 'it'].toSorted().join(' '));
  t.regex(approved.message, /^(?:alice, bob|bob, alice) approved it$/);
  const mixed = voted(voted(open, keys.alice, 'approve', 'a'), keys.bob, 'reject', 'b');
  const noise = voted(mixed, keys.stranger, 'reject', 's');
  const rejected = decide(noise).verdict;
  t.is(rejected.message, 'bob rejected it: this is final');
});

const digestIn = (specs: RecordSpec['desiredSpecs'], name: string): string | undefined =>
  specs?.find((spec) => spec.name === name)?.digest;

test('the record of an approval says what becomes of each workload', (t) => {
  const approved = until(voted(run(world()).world, keys.alice), 'Approved');
  const round = approved.records.find(({ type }) => type === 'Round');
  t.deepEqual(
    approved.records.at(-1)?.outcome?.changes,
    ['web', 'api'].map((name) => ({
      kind: 'Deployment',
      name,
      from: digestIn(round?.currentSpecs, name),
      to: digestIn(round?.desiredSpecs, name),
      revision: '1',
    })),
  );
});

test('an approval whose votes do not suffice any more is asked for anew, and the record says so', (t) => {
  const approved = until(voted(run(world()).world, keys.alice), 'Approved');
  const { action } = decide({ ...approved, keyring: keyring({ bob: keys.bob }), nonce: 'f'.repeat(32) }).verdict;
  t.deepEqual(action?.do === 'Append' ? action.entry.round?.because : undefined, [
    'people or keys that can count changed',
  ]);
  const unsigned = { ...approved, promotion: promotion(), nonce: 'f'.repeat(32) };
  const again = decide(unsigned).verdict.action;
  t.deepEqual(again?.do === 'Append' ? again.entry.round?.because : undefined, [
    'votes that had approved it do not suffice any more',
  ]);
});

test('a vote on any earlier round is known as one, not only on the first', (t) => {
  const first = run(world()).world;
  const second = run({ ...first, policy: two, nonce: 'e'.repeat(32) }).world;
  const third = run({ ...voted(second, keys.alice), policy: policy(), nonce: 'f'.repeat(32) });
  t.deepEqual(third.done, ['Round']);
  t.deepEqual(
    third.decision.count?.votes.map(({ reason }) => reason),
    ['StaleRound'],
  );
});

test('one that is held is looked at when a hold ends or its time does, whichever is first', (t) => {
  const asked = voted(lasting('2h', '168h'), keys.alice);
  const until = (hours: number | undefined): number | undefined => {
    const end = hours === undefined ? {} : { until: new Date(now + hours * HOUR).toISOString().replace('.000', '') };
    const hold = { name: 'freeze', owner: 'captain', reason: 'sale', scope: 'Rollouts' as const, ...end };
    return decide({ ...asked, target: target({ ...asked.target?.spec, holds: [hold] }) }).verdict.requeueAfter;
  };
  t.is(until(0.5), HOUR / 2 + 1);
  t.is(until(5), HOUR + 1);
  t.is(until(undefined), HOUR + 1);
});
