import test from 'ava';
import { keyringStatus } from '../../operator/promotions/keyrings/status.ts';
import { digestOf } from '../../operator/canonical/index.ts';
import { policyStatus } from '../../operator/trust/status/index.ts';
import { reviewKeyring } from '../../operator/votes/index.ts';
import { checkedStatus } from '../statuses/unit.ts';
import { Chain, keyring, policy, withVotes } from './trust-world.ts';

const three = keyring(['alice', 'bob', 'carol']);
const generation = 2;
const observed = <T extends { readonly metadata: object }>(object: T): T => ({
  ...object,
  metadata: { ...object.metadata, uid: 'u', generation },
});

test('a policy that waits says whose signatures it needs, what became of each, and the three lines to type', (t) => {
  const chain = new Chain(three);
  const asked = observed(policy('default', 1));
  const voted = withVotes(asked, chain.text(asked), 'alice', 'mallory');
  const status = checkedStatus(voted, policyStatus(voted, chain.standing(voted), chain.now));
  t.deepEqual(
    (status.conditions ?? []).map(({ type, status: value, reason }) => `${type} ${value} ${reason}`),
    ['Ready False NotAccepted', 'Reconciling True NotAccepted', 'Accepted False NotAccepted'],
  );
  const { pending, accepted } = status.trust ?? {};
  t.is(accepted, undefined);
  t.deepEqual(pending?.statements.approve, chain.text(asked));
  t.is(pending?.digest, digestOf(asked.spec));
  t.regex(pending?.votes?.[0] ?? '', /^vote\.twinlock\.dev\/alice-0: alice approved$/);
  t.regex(pending?.votes?.[1] ?? '', /mallory-1: key SHA256:\S+ is not in the keyring/);
  const [missing = '', get = '', sign = '', annotate = ''] = pending?.why ?? [];
  t.regex(missing, /^1 more vote of any principal \(1 of 2\); can vote: bob, carol$/);
  t.is(
    get,
    "kubectl get approvalpolicy default -o jsonpath='{.status.trust.pending.statements.approve}' > s.json; less s.json",
  );
  t.regex(sign, /^rm -f s\.json\.sig; ssh-keygen -Y sign .* -n vote\.v1@twinlock\.dev s\.json$/);
  t.regex(
    annotate,
    /^kubectl annotate approvalpolicy default --field-manager=vote "vote\.twinlock\.dev\/my-name-[0-9a-f]{6}=/,
  );
});

test('what was accepted is told with its record, and nothing waits', (t) => {
  const chain = new Chain(three);
  chain.change(policy('default', 1), 'alice', 'bob');
  const there = observed(policy('default', 1));
  const status = checkedStatus(there, policyStatus(there, chain.standing(there), chain.now));
  t.like(status.trust, { accepted: { version: 1, record: 'trust-000002' }, pending: undefined });
  t.deepEqual(
    (status.conditions ?? []).map(({ type, status: value }) => `${type} ${value}`),
    ['Ready True', 'Accepted True'],
  );
});

test('what cannot be signed is a failure that says why', (t) => {
  const chain = new Chain(three);
  const there = observed(keyring([]));
  const standing = chain.standing(there);
  const status = checkedStatus(there, keyringStatus(there, reviewKeyring(there.spec, chain.now), chain.now, standing));
  const accepted = status.conditions?.find(({ type }) => type === 'Accepted');
  t.is(accepted?.reason, 'ChangeRefused');
  t.is(status.trust?.accepted?.version, 1);
  t.is(status.trust?.pending, undefined);
});
