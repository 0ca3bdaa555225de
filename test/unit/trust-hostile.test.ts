/** Records and objects that nobody's own tools write: what counts goes on to count, and says why nothing is added. */
import test from 'ava';
import { ApprovalPolicy } from '../../operator/api/index.ts';
import type { ResourceType } from '../../operator/kube/index.ts';
import { trustOf } from '../../operator/trust/decide/index.ts';
import { AsWritten, Sealing } from '../../operator/trust/gather/index.ts';
import { policyStatus } from '../../operator/trust/status/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { checkedStatus } from '../statuses/unit.ts';
import { Chain, entryOf, keyring, policy, target } from './trust-world.ts';

const { signal } = new AbortController();
const three = keyring(['alice', 'bob', 'carol']);

function sealing(chain: Chain): Sealing {
  return new Sealing({
    records: { of: () => chain.records, upToDate: async () => chain.records },
    terms: { chain: 'trust', keyring: 'default', digest: chain.digest, cluster: { name: 'test', uid: chain.cluster } },
    namespace: 'twinlock-system',
    clock: new ManualClock(chain.now),
    lastSigned: async () => undefined,
  });
}

test('a version without the texts that were signed counts for nothing, whoever voted', (t) => {
  const chain = new Chain(three);
  chain.change(policy('default', 2), 'alice', 'bob');
  const { statements: _statements, ...textless } = entryOf(chain.records.at(-1)!);
  const forged = new Chain(three);
  forged.records = chain.records.slice(0, 1);
  forged.append(textless);
  t.regex(forged.state.fault ?? '', /is not signed by the people of the keyring before it$/);
  t.is(forged.versions['ApprovalPolicy//default'], undefined);
});

test('a record that cannot be digested ends the chain with a word, not with a crash', (t) => {
  const chain = new Chain(three);
  const [first] = chain.records;
  const { fault, objects } = trustOf([{ ...first!, accepted: { half: 0.5 } }], 'default');
  t.regex(fault ?? '', /^a record cannot be digested: /);
  t.is(objects.size, 0);
});

/** What a person applied and no text can show. */
const odd = (name: string): ApprovalPolicy => ({
  ...policy(name, 1),
  spec: { ...policy(name, 1).spec, half: 0.5 } as never,
});

test('what has no canonical form cannot be put before people, and what counts is said', (t) => {
  const chain = new Chain(three);
  t.regex(chain.standing(odd('default')).message, /^it cannot be put before people: .+; nothing of it counts$/);
  chain.change(policy('default', 2), 'alice', 'bob');
  const standing = chain.standing(odd('default'));
  t.is(standing.state, 'Refused');
  t.regex(standing.message, /^it cannot be put before people: .+; version 1 goes on to count$/);
  const there = { ...odd('default'), metadata: { name: 'default', uid: 'u', generation: 2 } };
  const status = checkedStatus(there, policyStatus(there, standing, chain.now));
  t.deepEqual(
    (status.conditions ?? []).map(({ type, status: value }) => `${type} ${value}`),
    ['Ready False', 'Stalled True', 'Accepted False'],
  );
});

test('a target counts by the record of its version, and one that nobody signed by none', (t) => {
  const chain = new Chain(three);
  t.is(sealing(chain).acceptedBy(target()), undefined);
  chain.change(target(), 'alice', 'bob');
  t.is(sealing(chain).acceptedBy(target()), 'trust-000002');
});

test('a policy that this version cannot read is none of those that count', (t) => {
  const chain = new Chain(three);
  const later = { ...policy('later', 2), spec: { ...policy('later', 2).spec, quorum: 'all' } as never };
  chain.change(later, 'alice', 'bob');
  chain.change(policy('default', 2), 'alice', 'bob');
  t.deepEqual(
    sealing(chain)
      .policies()
      .map(({ metadata }) => metadata.name),
    ['default'],
  );
});

test('where trust is not sealed, what stands in the cluster counts, and what is not there is missing', async (t) => {
  const there = policy('default', 2);
  const find = async (type: ResourceType<never>, { name }: { readonly name: string }): Promise<unknown> =>
    name !== 'default' ? undefined : type === (ApprovalPolicy as unknown) ? there : three;
  const written = new AsWritten(
    // A fake of what is asked, no more.
    { find } as unknown as ConstructorParameters<typeof AsWritten>[0],
    { lister: { get: () => there, list: () => [there], byIndex: () => [], size: 1 } },
  );
  t.deepEqual(written.policies(), [there]);
  t.deepEqual(await written.policy('default', signal), { object: there });
  t.deepEqual(await written.policy('other', signal), { missing: 'other' });
  t.deepEqual(await written.keyring('default', signal), { object: three });
  t.deepEqual(await written.keyring('other', signal), { missing: 'other' });
  t.deepEqual([written.target(target()), written.acceptedBy()], [target(), undefined]);
});
