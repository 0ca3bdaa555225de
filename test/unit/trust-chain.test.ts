import test from 'ava';
import { digestOf } from '../../operator/canonical/index.ts';
import { Chain, entryOf, keyring, policy, removed, target, withVotes } from './trust-world.ts';

const root = 'ApproverKeyring//default';
const three = keyring(['alice', 'bob', 'carol']);

test('the first keyring is the one whose digest is pinned, and no other', (t) => {
  t.deepEqual(new Chain(three).versions, { [root]: 1 });
  const other = new Chain(keyring(['mallory']), { pinned: three });
  t.deepEqual(other.versions, {});
  const { state, message } = other.standing(keyring(['mallory']));
  t.is(state, 'Refused');
  t.regex(message, /its digest is sha256:\w+ and the installation pins sha256:\w+/);
  t.is(other.standing(three).entry?.trust?.pinned, true);
});

test('before the pinned keyring is there nothing else can be signed', (t) => {
  const chain = new Chain(keyring(['mallory']), { pinned: three });
  const { state, message } = chain.standing(policy('default', 1));
  t.is(state, 'Refused');
  t.regex(message, /ApproverKeyring default is not accepted yet/);
});

test('the pin is ignored once there is a chain', (t) => {
  const chain = new Chain(three);
  const { state, proposal } = chain.standing(keyring(['mallory']));
  t.is(state, 'Waiting');
  t.is(proposal?.version, 2);
});

test('what nobody signed does not count, and what counted before goes on', (t) => {
  const chain = new Chain(three);
  const standing = chain.standing(keyring(['mallory']));
  t.is(standing.state, 'Waiting');
  t.is(standing.accepted?.version, 1);
  t.is(standing.entry, undefined);
  t.regex(standing.message, /2 more votes of any principal \(0 of 2\).*version 1 goes on to count/);
});

test('more than half of the people of the keyring that counts make a change count', (t) => {
  const chain = new Chain(three);
  const next = keyring(['alice', 'bob', 'carol', 'dave']);
  t.is(chain.change(next, 'alice').entry, undefined);
  t.is(chain.change(next, 'alice', 'mallory').entry, undefined);
  t.is(chain.change(next, 'alice', 'alice').entry, undefined, 'one person, twice');
  chain.change(next, 'alice', 'bob');
  t.deepEqual(chain.versions, { [root]: 2 });
  t.is(chain.standing(next).state, 'Accepted');
  t.is(chain.change(policy('default', 1), 'alice', 'bob').entry, undefined, 'three of four now');
  chain.change(policy('default', 1), 'alice', 'bob', 'dave');
  chain.change(target(), 'carol', 'bob', 'dave');
  t.deepEqual(chain.versions, { [root]: 2, 'ApprovalPolicy//default': 1, 'ProductionTarget/shop/web': 1 });
});

test('a keyring says itself whose signatures a change needs', (t) => {
  const changeQuorum = [{ count: 1 }, { group: 'security', count: 1 }];
  const first = keyring(['alice', 'bob'], { changeQuorum });
  const [alice, bob] = first.spec.principals;
  if (alice === undefined || bob === undefined) throw new Error('somebody is missing');
  const chain = new Chain({ ...first, spec: { ...first.spec, principals: [alice, { ...bob, groups: ['security'] }] } });
  t.is(chain.change(policy('default', 1), 'alice').entry, undefined);
  chain.change(policy('default', 1), 'bob');
  t.is(chain.versions['ApprovalPolicy//default'], 1);
});

test('a signature for one version counts for no other: an older one does not come back', (t) => {
  const chain = new Chain(three);
  const weak = policy('default', 1);
  chain.change(policy('default', 2), 'alice', 'bob');
  const old = chain.text(weak);
  chain.change(weak, 'alice', 'bob');
  chain.change(policy('default', 2), 'alice', 'bob');
  const replayed = chain.standing(withVotes(weak, old, 'alice', 'bob'));
  t.is(replayed.entry, undefined);
  t.deepEqual(
    replayed.count?.votes.map(({ reason }) => reason),
    ['WrongStatement', 'WrongStatement'],
  );
  t.is(chain.versions['ApprovalPolicy//default'], 3);
});

test('a signature counts for one object of one kind, in one chain of one cluster', (t) => {
  const chain = new Chain(three);
  const text = chain.text(policy('default', 1));
  const counts = (object: Parameters<Chain['standing']>[0], of = chain): boolean =>
    of.standing(withVotes(object, text, 'alice', 'bob')).entry !== undefined;
  t.true(counts(policy('default', 1)));
  t.false(counts(policy('other', 1)));
  t.false(counts(policy('default', 2)));
  t.false(counts(keyring(['alice', 'bob'])));
  t.false(counts(target()));
  t.false(counts(policy('default', 1), new Chain(three, { cluster: 'u-other' })));
  t.false(counts(policy('default', 1), new Chain(three, { name: 'trust-2' })));
});

test('a target of another namespace is another object', (t) => {
  const chain = new Chain(three);
  const text = chain.text(target());
  const other = { ...target(), metadata: { name: 'web', namespace: 'shop-2' } };
  t.is(chain.standing(withVotes(other, text, 'alice', 'bob')).entry, undefined);
});

test('whoever is out of the keyring does not sign the way back', (t) => {
  const chain = new Chain(keyring(['alice', 'bob', 'mallory']));
  const back = chain.text(keyring(['alice', 'bob', 'mallory', 'dave']));
  chain.change(keyring(['alice', 'bob']), 'alice', 'bob');
  const again = keyring(['alice', 'bob', 'mallory']);
  t.is(chain.change(again, 'mallory').entry, undefined);
  t.is(chain.change(again, 'mallory', 'alice').entry, undefined);
  t.is(chain.standing(withVotes(again, back, 'mallory', 'alice', 'bob')).entry, undefined);
  t.is(chain.versions[root], 2);
});

test('a rejection keeps a change from counting; of who does not count it does not', (t) => {
  const chain = new Chain(three);
  const next = policy('default', 1);
  const { proposal } = chain.standing(next);
  const reject = proposal?.statements.reject ?? '';
  const signed = withVotes(next, chain.text(next), 'alice', 'bob');
  t.is(chain.standing(withVotes(signed, reject, 'carol')).entry, undefined);
  t.truthy(chain.standing(withVotes(signed, reject, 'mallory')).entry);
});

test('a text is signed within a week, and the one that is shown stays until then', (t) => {
  const chain = new Chain(three);
  const next = policy('default', 1);
  const { proposal } = chain.standing(next);
  const pending = {
    version: 1,
    digest: proposal?.digest,
    notAfter: proposal?.notAfter ?? '',
    statements: { approve: '-', reject: '-' },
  };
  const shown = { ...next, status: { trust: { pending } } };
  const text = chain.text(shown);
  chain.now += 6 * 86_400_000;
  t.is(chain.text(shown), text);
  t.truthy(chain.standing(withVotes(shown, text, 'alice', 'bob')).entry);
  chain.now += 2 * 86_400_000;
  t.not(chain.text(shown), text);
  t.is(chain.standing(withVotes(shown, text, 'alice', 'bob')).entry, undefined);
  const forged = { ...next, status: { trust: { pending: { ...pending, notAfter: '2099-01-01T00:00:00Z' } } } };
  t.false(chain.text(forged).includes('2099'), 'a status that says so makes no text live for ever');
});

test('a key that has expired signs nothing; what it signed in its time stands', (t) => {
  const chain = new Chain(keyring(['alice'], {}, { alice: { notAfter: '2026-11-22T00:00:00Z' } }));
  chain.change(policy('default', 1), 'alice');
  chain.now += 3 * 86_400_000;
  t.deepEqual(chain.versions, { [root]: 1, 'ApprovalPolicy//default': 1 });
  t.is(chain.change(policy('default', 2), 'alice').entry, undefined);
});

test('one signature takes a key back, whatever its holder says', (t) => {
  const chain = new Chain(three);
  const revoked = keyring(
    ['alice', 'bob', 'carol'],
    {},
    { carol: { revokedAt: '2026-11-21T09:00:00Z', reason: 'lost' } },
  );
  const { proposal } = chain.standing(revoked);
  t.true(proposal?.revokes);
  const objected = withVotes(revoked, proposal?.statements.reject ?? '', 'carol');
  t.is(chain.standing(objected).entry, undefined);
  t.is(chain.change(revoked, 'mallory').entry, undefined, 'of anybody who counts');
  chain.take(chain.standing(withVotes(objected, chain.text(revoked), 'alice')));
  t.is(chain.versions[root], 2);
  t.is(chain.state.fault, undefined);
  t.is(chain.change(policy('default', 1), 'alice', 'carol').entry, undefined, 'it counts no longer');
});

test('a revocation with anything beside it is a change like others', (t) => {
  const chain = new Chain(three);
  const revokedAt = '2026-11-21T09:00:00Z';
  const changes = [
    keyring(['alice', 'bob', 'carol', 'dave'], {}, { carol: { revokedAt } }),
    keyring(['alice', 'carol', 'dave'], {}, { carol: { revokedAt } }),
    keyring(['alice', 'bob', 'carol'], { changeQuorum: [{ count: 1 }] }, { carol: { revokedAt } }),
    keyring(['alice', 'bob', 'carol'], {}, { carol: { revokedAt, requireTouch: true } }),
    keyring(['alice', 'bob', 'carol'], {}, { carol: { notAfter: revokedAt } }),
  ];
  for (const change of changes) t.is(chain.change(change, 'alice').entry, undefined);
  chain.change(keyring(['alice', 'bob', 'carol'], {}, { carol: { revokedAt } }), 'alice');
  t.is(chain.change(three, 'alice').entry, undefined, 'and taking it off needs them all');
});

test('a keyring after which nobody could change anything is not put before people', (t) => {
  const chain = new Chain(three);
  for (const [asked, next] of [
    ['2 people', keyring(['alice'], { changeQuorum: [{ count: 2 }] })],
    ['1 people of group security', keyring(['alice'], { changeQuorum: [{ count: 1, group: 'security' }] })],
    ['1 people', keyring([])],
    ['2 people', keyring(['alice', 'bob'], {}, { bob: { notAfter: '2026-11-21T09:00:00Z' } })],
  ] as const) {
    const { state, message } = chain.standing(next);
    t.is(state, 'Refused');
    t.regex(message, new RegExp(`its changeQuorum asks for ${asked}, and fewer have a key that counts`));
    t.regex(message, /nobody could change anything after it.*version 1 goes on to count/);
  }
});

test('a removal is signed too; what comes back under the name goes on in its versions', (t) => {
  const chain = new Chain(three);
  chain.change(target(), 'alice', 'bob');
  const creation = chain.records.at(-1);
  t.is(chain.change(removed(target()), 'alice').entry, undefined);
  t.is(chain.versions['ProductionTarget/shop/web'], 1);
  chain.change(removed(target()), 'alice', 'bob');
  t.is(chain.versions['ProductionTarget/shop/web'], undefined);
  t.is(chain.standing(removed(target())).state, 'Refused', 'there is nothing left to remove');
  if (creation?.statements === undefined) throw new Error('it was not signed');
  const replayed = chain.standing(withVotes(target(), creation.statements.approve, 'alice', 'bob'));
  t.is(replayed.entry, undefined, 'the first signatures do not make it again');
  chain.change(target(), 'bob', 'carol');
  t.is(chain.versions['ProductionTarget/shop/web'], 3);
});

test('the keyring that signs is never removed', (t) => {
  const { state, message } = new Chain(three).standing(removed(three));
  t.is(state, 'Refused');
  t.regex(message, /never removed/);
});

test('holds of a target are not signed: whoever stops an incident does not wait', (t) => {
  const chain = new Chain(three);
  chain.change(target(), 'alice', 'bob');
  const held = target({ holds: [{ name: 'freeze', owner: 'captain', reason: 'sale' }] });
  t.is(chain.standing(held).state, 'Accepted');
  t.is(chain.standing(target({ mode: 'Warn' })).state, 'Waiting');
});

test('a field that a later version brings, with its default, is no change', (t) => {
  const chain = new Chain(three);
  const { routing: _routing, minReplicas: _minReplicas, ...older } = target().spec;
  // As a version without these fields had it.
  const before = { ...target(), spec: older } as ReturnType<typeof target>;
  chain.change(before, 'alice', 'bob');
  t.is(chain.standing(target()).state, 'Accepted');
  t.is(chain.standing(target({ routing: 'Listed' })).state, 'Waiting');
});

/** A chain with a policy that was changed twice. */
function told(): Chain {
  const chain = new Chain(three);
  for (const count of [2, 3]) chain.change(policy('default', count), 'alice', 'bob');
  return chain;
}

test('a record that nobody signed ends what is believed, and what was signed before it stands', (t) => {
  const weak = { ...policy('default', 1).spec };
  const chain = told();
  const last = chain.records.at(-1);
  if (last?.trust === undefined) throw new Error('it is not there');
  const forgeries = {
    'without signatures': {
      type: 'Trust',
      time: last.time,
      trust: { ...last.trust, version: 3 },
      accepted: weak,
    } as const,
    'the last one again': entryOf(last),
    'the last one under the next version': {
      ...entryOf(last),
      trust: { ...last.trust, version: 3, from: last.trust.digest },
    },
    'the last one with another content': { ...entryOf(last), accepted: weak },
    'pinned again': {
      type: 'Trust',
      time: last.time,
      trust: { ...last.trust, version: 3, from: last.trust.digest, pinned: true },
      accepted: { ...last.accepted },
    } as const,
    'of another type': { type: 'Adopted', time: last.time, currentSpecs: [] } as const,
  };
  for (const [what, entry] of Object.entries(forgeries)) {
    const forged = told();
    forged.append(entry);
    t.is(forged.versions['ApprovalPolicy//default'], 2, what);
    t.regex(forged.state.fault ?? '', /^record trust-000004 /, what);
    const { state, message } = forged.standing(policy('default', 1));
    t.is(state, 'Refused', what);
    t.regex(message, /the chain of what was signed does not hold/, what);
  }
});

test('signatures under a record of another version, kind or time do not make it hold', (t) => {
  const chain = told();
  const [first, second, third] = chain.records;
  if (first === undefined || second === undefined || third?.trust === undefined) throw new Error('it is not there');
  const faults = [
    { ...entryOf(third), trust: { ...third.trust, name: 'other' } },
    { ...entryOf(third), trust: { ...third.trust, notAfter: '2099-01-01T00:00:00Z' } },
    { ...entryOf(third), time: '2027-01-01T00:00:00Z' },
    { ...entryOf(third), votes: third.votes?.slice(0, 1) },
    { ...entryOf(third), votes: second.votes },
    { ...entryOf(third), statements: second.statements },
  ].map((entry) => {
    const forged = told();
    forged.records = [first, second, forged.sealed(entry, [first, second])];
    return [forged.state.fault !== undefined, forged.versions['ApprovalPolicy//default']];
  });
  t.deepEqual(
    faults,
    faults.map(() => [true, 1]),
  );
});

test('a chain with a gap, a fork or a changed record is believed up to there', (t) => {
  const { records } = told();
  const [first, second, third] = records;
  if (first === undefined || second === undefined || third === undefined) throw new Error('it is not there');
  const of = (chain: typeof records): Chain => Object.assign(told(), { records: chain });
  t.like(of([first, third]), { versions: { [root]: 1 } });
  t.truthy(of([first, third]).state.fault);
  t.is(of([second, third]).state.objects.size, 0);
  const fork = told();
  const other = fork.sealed({ ...entryOf(third), time: '2026-11-21T10:00:01Z' }, [first, second]);
  t.truthy(of([first, second, third, other]).state.fault);
  t.is(of([first, second, third, other]).versions['ApprovalPolicy//default'], 1, 'neither of the two');
  t.is(of([first, { ...second, time: '2026-11-21T10:00:09Z' }, third]).versions['ApprovalPolicy//default'], undefined);
});

test('the parts of a record that was too large are no changes, and what follows them counts', (t) => {
  const chain = new Chain(three);
  chain.append({ type: 'Part', time: '2026-11-21T10:00:00Z', part: { index: 1, digest: digestOf('{'), text: '{' } });
  t.is(chain.state.fault, undefined);
  chain.change(policy('default', 2), 'alice', 'bob');
  t.deepEqual(chain.versions, { [root]: 1, 'ApprovalPolicy//default': 1 });
});
