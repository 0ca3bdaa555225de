/** Each side of each bound of what people sign about trust, and the words for it. */
import test from 'ava';
import { digestOf } from '../../operator/canonical/index.ts';
import { accept } from '../../operator/trust/act/accept.ts';
import { quorumsFor, revokesOnly } from '../../operator/trust/decide/quorum.ts';
import { trustOf } from '../../operator/trust/decide/index.ts';
import type { EventInput } from '../../operator/kube/index.ts';
import type { RecordEntry } from '../../operator/records/index.ts';
import { Chain, entryOf, keyring, policy, removed, target, withVotes } from './trust-world.ts';

const three = keyring(['alice', 'bob', 'carol']);
const other = { ...keyring(['dave']), metadata: { name: 'other' } };

/** The chain with its first record changed. */
function beginning(changed: Partial<NonNullable<RecordEntry['trust']>>): string | undefined {
  const chain = new Chain(three);
  const [first] = chain.records;
  if (first?.trust === undefined) throw new Error('nothing was pinned');
  return trustOf([chain.sealed({ ...entryOf(first), trust: { ...first.trust, ...changed } }, [])], 'default').fault;
}

test('a chain begins with the pinned keyring that signs, and pins nothing afterwards', (t) => {
  const refusal = /is the first one and not the pinned keyring/;
  t.is(beginning({}), undefined);
  t.regex(beginning({ pinned: undefined }) ?? '', refusal);
  t.regex(beginning({ name: 'other' }) ?? '', refusal);
  t.regex(beginning({ kind: 'ApprovalPolicy' }) ?? '', refusal);
  const chain = new Chain(three);
  chain.change(policy('default', 2), 'alice', 'bob');
  const last = chain.records.at(-1);
  if (last?.trust === undefined) throw new Error('it was not signed');
  const { trust } = last;
  chain.append({ ...entryOf(last), trust: { ...trust, version: 2, from: trust.digest, pinned: true } });
  t.regex(chain.state.fault ?? '', /is pinned, and not the first one/);
});

test('no record takes the keyring that signs away, whoever wrote it', (t) => {
  const chain = new Chain(three);
  const [first] = chain.records;
  if (first?.trust === undefined) throw new Error('nothing was pinned');
  const { pinned: _pinned, digest: from, ...trust } = first.trust;
  chain.append({ type: 'Trust', time: first.time, trust: { ...trust, version: 2, from } });
  t.regex(chain.state.fault ?? '', /removes the keyring that signs/);
  t.is(chain.versions['ApproverKeyring//default'], 1);
});

test('under a pinned keyring that cannot be read nothing counts, and reading its chain fails nobody', (t) => {
  const whole = new Chain(three);
  whole.change(policy('default', 2), 'alice', 'bob');
  const [first, second] = whole.records;
  if (first?.trust === undefined || second === undefined) throw new Error('it was not signed');
  const accepted = { principals: 'all' };
  const { digest: before = '' } = first.trust;
  const digest = digestOf(accepted);
  const odd = whole.sealed({ ...entryOf(first), trust: { ...first.trust, digest }, accepted }, []);
  const about = (text = ''): string => text.replaceAll(before, digest);
  const statements = { approve: about(second.statements?.approve), reject: about(second.statements?.reject) };
  const next = whole.sealed({ ...entryOf(second), statements }, [odd]);
  const { fault, objects } = trustOf([odd, next], 'default');
  t.regex(fault ?? '', /is not signed by the people of the keyring before it/);
  t.is(objects.size, 1);
});

/** Who accepts for a chain, what was told and what was written. */
function acceptingFor(chain: Chain): {
  readonly accepting: Parameters<typeof accept>[0];
  readonly told: readonly EventInput[];
  readonly written: readonly RecordEntry[];
} {
  const [told, written]: [EventInput[], RecordEntry[]] = [[], []];
  const accepting = {
    records: { append: async (_place: object, _chain: object, next: RecordEntry) => written.push(next) > 0 },
    sealing: {
      place: { namespace: 'twinlock-system', name: 'trust', uid: chain.cluster },
      terms: { keyring: 'default' },
      chain: () => chain.records,
    },
    events: { record: (event: EventInput) => void told.push(event) },
  } as unknown as Parameters<typeof accept>[0];
  return { accepting, told, written };
}

test('what is accepted is told once, in the words of an event, and what would break the chain is not written', async (t) => {
  const chain = new Chain(three);
  const { entry } = chain.standing(withVotes(policy('default', 2), chain.text(policy('default', 2)), 'alice', 'bob'));
  if (entry?.trust === undefined) throw new Error('it was not signed');
  const { accepting, told, written } = acceptingFor(chain);
  await accept(accepting, policy('default', 2), entry);
  t.like(told[0], { type: 'Normal', reason: 'Accepted', action: 'Accept' });
  t.is(told[0]?.note, 'version 1 counts from now on: signed by alice, bob');
  const later = { ...entry, trust: { ...entry.trust, version: 2 } };
  await t.throwsAsync(accept(accepting, policy('default', 2), later), {
    message: /^what was signed does not fit into its chain: .*is not the version that follows: 2/,
  });
  t.deepEqual([told.length, written.length], [1, 1]);
});

test('an event says of a removal that it is one, and of the first keyring that it was pinned', async (t) => {
  const chain = new Chain(three);
  const [pinned] = chain.records;
  if (pinned === undefined) throw new Error('nothing was pinned');
  const { accepting: first, told: begun } = acceptingFor(Object.assign(new Chain(three), { records: [] }));
  await accept(first, three, entryOf(pinned));
  t.is(begun[0]?.note, 'version 1 counts from now on: pinned at installation');
  chain.change(target(), 'alice', 'bob');
  const gone = removed(target());
  const { entry } = chain.standing(withVotes(gone, chain.text(gone), 'bob', 'carol'));
  if (entry === undefined) throw new Error('it was not signed');
  const { accepting, told } = acceptingFor(chain);
  await accept(accepting, gone, entry);
  t.is(told[0]?.note, 'version 2 counts from now on, a removal: signed by bob, carol');
});

test('one of each group that a change needs is enough to take keys back', (t) => {
  const { spec } = keyring(['alice', 'bob', 'carol'], {
    changeQuorum: [{ group: 'security', count: 2 }, { count: 3 }],
  });
  t.deepEqual(quorumsFor(spec, true), [[{ group: 'security', count: 1 }], [{ count: 1 }]]);
  t.deepEqual(quorumsFor(spec, false), [spec.changeQuorum]);
  t.deepEqual(quorumsFor(three.spec, false), [[{ count: 2 }]]);
  t.deepEqual(quorumsFor(keyring(['alice', 'bob']).spec, false), [[{ count: 2 }]]);
});

test('no key taken back, and content that cannot be read, is no revocation', (t) => {
  const spec = { ...three.spec };
  const revoked = { ...keyring(['alice', 'bob', 'carol'], {}, { bob: { revokedAt: '2026-11-21T09:00:00Z' } }).spec };
  t.true(revokesOnly(spec, revoked));
  t.false(revokesOnly(spec, spec), 'nothing is taken back');
  t.false(revokesOnly(revoked, revoked), 'it was before');
  t.false(revokesOnly(revoked, spec), 'it is given back');
  t.false(revokesOnly({ principals: 'all' }, revoked));
  t.false(revokesOnly(spec, { principals: 'all' }));
});

test('a keyring that signs nothing itself is put before people whatever it says', (t) => {
  const chain = new Chain(three);
  const none = { ...other, spec: { ...other.spec, changeQuorum: [{ count: 5 }] } };
  t.is(chain.standing(none).state, 'Waiting');
  t.is(chain.change(none, 'alice', 'bob').entry?.trust?.version, 1);
  const gone = keyring(['dave'], {}, { dave: { revokedAt: '2026-11-21T09:00:00Z' } });
  t.is(chain.standing({ ...none, spec: gone.spec }).state, 'Waiting', 'nor does its end lock anybody out');
});

test('what waits says for what', (t) => {
  const chain = new Chain(three);
  const next = policy('default', 2);
  const { proposal } = chain.standing(next);
  const says = (object: Parameters<Chain['standing']>[0]): string => chain.standing(object).message;
  t.regex(says(next), /^what stands here does not count yet: .*2 more votes.*; nothing of it counts$/);
  t.regex(says(withVotes(next, proposal?.statements.reject ?? '', 'alice')), /somebody rejected it; nothing of it/);
  t.regex(says(withVotes(next, chain.text(next), 'alice', 'bob')), /it is accepted next; nothing of it counts$/);
  chain.change(target(), 'alice', 'bob');
  t.regex(says(removed(target())), /^its removal does not count yet: .*; version 1 goes on to count$/);
  const { entry } = chain.change(removed(target()), 'alice', 'bob');
  t.deepEqual(Object.keys(entry?.trust ?? {}).toSorted(), ['from', 'kind', 'name', 'namespace', 'notAfter', 'version']);
  t.false('accepted' in (entry ?? {}));
});

test('the end that is shown stays while it is of this change, ahead, a week away at most, and written in one way', (t) => {
  const chain = new Chain(three);
  const next = policy('default', 1);
  const fresh = chain.standing(next).proposal;
  const ends = (notAfter: string, changed: object = {}): string | undefined => {
    const pending = {
      version: 1,
      digest: fresh?.digest,
      notAfter,
      statements: { approve: '-', reject: '-' },
      ...changed,
    };
    return chain.standing({ ...next, status: { trust: { pending } } }).proposal?.notAfter;
  };
  const week = '2026-11-28T10:00:00Z';
  t.is(fresh?.notAfter, week);
  for (const kept of ['2026-11-21T10:00:01Z', '2026-11-25T00:00:00Z', week]) t.is(ends(kept), kept);
  for (const made of [
    '2026-11-21T10:00:00Z',
    '2026-11-28T10:00:01Z',
    '2026-11-25T00:00:00.000Z',
    '2026-11-25T01:00:00+01:00',
    'soon',
  ])
    t.is(ends(made), week, made);
  t.is(ends('2026-11-25T00:00:00Z', { version: 2 }), week);
  t.is(ends('2026-11-25T00:00:00Z', { digest: undefined }), week);
});
