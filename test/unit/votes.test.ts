import test, { type ExecutionContext } from 'ava';
import { countVotes, type CountInput, type CountResult, type KeySpec } from '../../operator/votes/index.ts';
import {
  armor,
  armored,
  dearmored,
  ecdsaKey,
  ed25519Key,
  mpint,
  securityKey,
  securityKeySignature,
  signed,
  string,
  type MadeKey,
} from '../vectors/ssh.ts';

const now = Date.parse('2026-11-21T10:00:00Z');
const statements = { approve: 'approve round 2\n', reject: 'reject round 2\n' };
const earlier = { nonce: 'aaaa', statements: { approve: 'approve round 1\n', reject: 'reject round 1\n' } };
const [alice, bob, carol, stranger, skKey] = [
  ed25519Key(),
  ed25519Key(),
  ecdsaKey(),
  ed25519Key(),
  securityKey('ed25519'),
];

const approve = (key: MadeKey): string => signed(key, statements.approve);
const reject = (key: MadeKey): string => signed(key, statements.reject);
const keyed = (key: MadeKey, rest: Partial<KeySpec> = {}): readonly KeySpec[] => [{ publicKey: key.line, ...rest }];
const people = {
  alice: {
    name: 'alice',
    groups: ['security', 'platform'],
    kubernetesUsers: ['oidc:alice'],
    emails: ['alice@example.com'],
    keys: keyed(alice),
  },
  bob: {
    name: 'bob',
    groups: ['platform'],
    kubernetesUsers: ['oidc:bob'],
    emails: ['bob@example.com'],
    keys: keyed(bob),
  },
  carol: {
    name: 'carol',
    groups: ['security'],
    kubernetesUsers: ['oidc:carol'],
    emails: ['carol@example.com'],
    keys: keyed(carol),
  },
};
const count = (votes: Readonly<Record<string, string>> = {}, changed: Partial<CountInput> = {}): CountResult =>
  countVotes({
    now,
    round: { nonce: 'bbbb', notAfter: '2026-11-28T10:00:00Z', statements },
    earlierRounds: [earlier],
    keyring: { principals: Object.values(people) },
    policy: { quorum: [{ count: 1 }] },
    requestedBy: 'oidc:agent',
    annotations: Object.fromEntries(Object.entries(votes).map(([name, vote]) => [`vote.twinlock.dev/${name}`, vote])),
    ...changed,
  });
const withKey = (rest: Partial<KeySpec>): Partial<CountInput> => ({
  keyring: { principals: [{ ...people.alice, keys: keyed(alice, rest) }] },
});
/** The one vote there is must be invalid for that reason, say what to do, and approve nothing. */
const refused = (t: ExecutionContext, result: CountResult, reason: string): void => {
  t.is(result.votes.length, 1);
  t.is(result.votes[0]?.reason, reason as never);
  t.false(result.votes[0]?.valid);
  t.true((result.votes[0]?.message ?? '').length > 20);
  t.is(result.verdict, 'Waiting');
  t.is(result.quorum[0]?.have, 0);
};

test('one vote of an enrolled key meets a quorum of one', (t) => {
  const result = count({ alice: approve(alice) });
  t.is(result.verdict, 'Approved');
  t.deepEqual(result.missing, []);
  t.like(result.votes[0], {
    principal: 'alice',
    decision: 'approve',
    valid: true,
    reason: 'Counted',
    firstSeen: '2026-11-21T10:00:00Z',
    carriedBy: ['alice'],
  });
  t.regex(result.votes[0]?.keyFingerprint ?? '', /^SHA256:[A-Za-z0-9+/]{43}$/);
});

test('without votes it waits and says who can vote', (t) => {
  const result = count();
  t.is(result.verdict, 'Waiting');
  t.deepEqual(result.missing, ['1 more vote of any principal (0 of 1); can vote: alice, bob, carol']);
});

test('the key says who voted, the name of the annotation is a label', (t) => {
  t.like(count({ bob: approve(alice) }).votes[0], { principal: 'alice' });
});

test('only annotations of the vote prefix are votes', (t) => {
  t.is(
    count({}, { annotations: { 'vote.twinlock.dev': approve(alice), 'evil.vote.twinlock.dev/x': approve(alice) } })
      .votes.length,
    0,
  );
});

test('one valid reject is final, however many approve', (t) => {
  const result = count({ a: approve(alice), b: approve(bob), c: reject(carol) });
  t.is(result.verdict, 'Rejected');
  t.deepEqual(result.missing, []);
  t.is(count({ a: approve(alice), b: reject(alice) }).verdict, 'Rejected', 'nor does a change of mind take it back');
  t.is(count({ c: reject(carol) }, { now: Date.parse('2026-12-24T00:00:00Z') }).verdict, 'Rejected');
});

test('a reject of somebody unknown rejects nothing', (t) => {
  t.is(count({ a: approve(alice), x: reject(stranger) }).verdict, 'Approved');
});

test('a quorum counts distinct principals of each group', (t) => {
  const policy = { quorum: [{ group: 'security', count: 2 }, { count: 3 }] };
  const two = count({ a: approve(alice), b: approve(bob) }, { policy });
  t.is(two.verdict, 'Waiting');
  t.deepEqual(two.quorum, [
    { group: 'security', need: 2, have: 1, principals: ['alice'] },
    { need: 3, have: 2, principals: ['alice', 'bob'] },
  ]);
  t.deepEqual(two.missing, [
    '1 more vote of group security (1 of 2); can vote: carol',
    '1 more vote of any principal (2 of 3); can vote: carol',
  ]);
  t.is(count({ a: approve(alice), b: approve(bob), c: approve(carol) }, { policy }).verdict, 'Approved');
});

test('many signatures of one person count once: copies, another key, a malleated ECDSA signature', (t) => {
  const second = ed25519Key();
  const original = approve(carol);
  const twin = malleated(original);
  t.not(dearmored(twin).toString('hex'), dearmored(original).toString('hex'));
  const result = count(
    { a: original, b: twin, c: approve(carol), d: approve(second), e: original.trimEnd() },
    {
      policy: { quorum: [{ count: 2 }] },
      keyring: { principals: [{ ...people.carol, keys: [...keyed(carol), ...keyed(second)] }, people.bob] },
    },
  );
  t.is(result.verdict, 'Waiting');
  t.is(result.quorum[0]?.have, 1);
  t.deepEqual(
    result.votes.map(({ valid, reason }) => `${valid} ${reason}`),
    ['true Counted', 'true Duplicate', 'true Duplicate', 'true Duplicate'],
  );
  t.deepEqual(result.votes[0]?.carriedBy, ['a', 'e'], 'one armor under two names is one vote');
});

/** (r, n - s) verifies where (r, s) does. */
function malleated(vote: string): string {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const bytes = dearmored(vote);
  const type = string(carol.type);
  // The last of the two places where the type stands: the first is in the key.
  const raw = bytes.subarray(bytes.lastIndexOf(type) + type.length + 4);
  const r = raw.subarray(4, 4 + raw.readUInt32BE(0));
  const s = raw.subarray(8 + r.length);
  const other = order - BigInt(`0x${s.toString('hex')}`);
  const pair = Buffer.concat([string(r), mpint(Buffer.from(other.toString(16).padStart(64, '0'), 'hex'))]);
  return armored({ publicKey: carol.blob, signature: Buffer.concat([type, string(pair)]) });
}

test('invalid votes never mask a valid one and are each reported', (t) => {
  const result = count({
    '0': 'garbage',
    '1': approve(stranger),
    alice: approve(alice),
    z: '',
    zz: `${approve(bob)}x`,
  });
  t.is(result.verdict, 'Approved');
  t.deepEqual(
    result.votes.map(({ reason }) => reason),
    ['Counted', 'BadArmor', 'NotEnrolled', 'BadArmor', 'BadArmor'],
  );
});

test('an empty keyring or quorum, and one that makes no sense, approve nothing', (t) => {
  const votes = { a: approve(alice), b: approve(bob), c: approve(carol) };
  t.is(count(votes, { keyring: {} }).verdict, 'Waiting');
  t.is(count(votes, { keyring: { principals: [] } }).verdict, 'Waiting');
  for (const quorum of [
    undefined,
    [],
    [{ count: 0 }],
    [{ count: -1 }],
    [{ count: Number.NaN }],
    [{ count: 0.5 }],
    [{ count: 1 }, { count: 0 }],
    [{ group: '', count: 1 }],
    [{ group: 'nobody', count: 1 }],
  ]) {
    const result = count(votes, { policy: { quorum } });
    t.is(result.verdict, 'Waiting', JSON.stringify(quorum));
    t.true(result.missing.length > 0);
  }
});

test('a valid vote of no group that is asked for weighs nothing', (t) => {
  const result = count({ b: approve(bob) }, { policy: { quorum: [{ group: 'security', count: 1 }] } });
  t.like(result.votes[0], { valid: true, reason: 'NoWeight' });
  t.is(result.verdict, 'Waiting');
});

test('the requester may not vote, by any of their names', (t) => {
  refused(t, count({ a: approve(alice) }, { requestedBy: 'oidc:alice' }), 'Requester');
  refused(t, count({ a: approve(alice) }, { requestedBy: 'OIDC:Alice' }), 'Requester');
  refused(t, count({ a: approve(alice) }, { requestedBy: 'alice' }), 'Requester');
  refused(t, count({ a: approve(alice) }, { requestedBy: '' }), 'RequesterUnknown');
  t.deepEqual(count({}, { requestedBy: 'oidc:alice' }).missing, [
    '1 more vote of any principal (0 of 1); can vote: bob, carol',
  ]);
  const lax = { quorum: [{ count: 1 }], separation: { requester: false } };
  t.is(count({ a: approve(alice) }, { requestedBy: 'oidc:alice', policy: lax }).verdict, 'Approved');
});

test('authors may not vote when the policy says so, and unknown authors exclude everybody', (t) => {
  const policy = { quorum: [{ count: 1 }], separation: { authors: true } };
  refused(t, count({ a: approve(alice) }, { policy, authors: ['x@example.com', 'Alice@Example.com'] }), 'Author');
  refused(t, count({ a: approve(alice) }, { policy }), 'AuthorsUnknown');
  t.is(count({ a: approve(alice) }, { policy, authors: ['bob@example.com'] }).verdict, 'Approved');
  t.is(count({ a: approve(alice) }, { policy, authors: [] }).verdict, 'Approved');
  t.is(count({ a: approve(alice) }, { authors: ['alice@example.com'] }).verdict, 'Approved', 'no rule, no exclusion');
});

test('a principal whose users nobody wrote down is warned about', (t) => {
  const keyring = { principals: [{ name: 'alice', keys: keyed(alice) }] };
  t.deepEqual(count({}, { keyring }).warnings, [
    'principal alice has no kubernetesUsers: whether they requested a promotion is known by the name only',
  ]);
});

const windows: readonly (readonly [string, Partial<KeySpec>, string])[] = [
  ['not yet valid', { notBefore: '2026-11-21T10:00:01Z' }, 'KeyNotYetValid'],
  ['expired', { notAfter: '2026-11-21T09:59:59Z' }, 'KeyExpired'],
  ['revoked', { revokedAt: '2026-11-21T09:00:00Z', reason: 'lost' }, 'KeyRevoked'],
  ['revoked at this moment', { revokedAt: '2026-11-21T10:00:00Z' }, 'KeyRevoked'],
  ['revoked at a time nobody can read', { revokedAt: 'yesterday' }, 'KeyRevoked'],
  ['valid from a time nobody can read', { notBefore: '2026-11-21' }, 'KeyNotYetValid'],
  ['valid until a time nobody can read', { notAfter: '' }, 'KeyExpired'],
];
for (const [what, key, reason] of windows)
  test(`a key does not count: ${what}`, (t) => {
    const result = count({ a: approve(alice) }, withKey(key));
    refused(t, result, reason);
    t.regex(result.missing[0] ?? '', /nobody else can; add principals or keys/);
  });

test('a key counts on the edges of its window', (t) => {
  const key = {
    notBefore: '2026-11-21T10:00:00Z',
    notAfter: '2026-11-21T10:00:00Z',
    revokedAt: '2026-11-21T10:00:01Z',
  };
  t.is(count({ a: approve(alice) }, withKey(key)).verdict, 'Approved');
});

test('the window must hold when the vote was first seen too: a re-enrolled key brings no old vote back', (t) => {
  const seen = [{ armor: approve(alice), firstSeen: '2026-11-20T10:00:00Z' }];
  refused(t, count({}, { seen, ...withKey({ notBefore: '2026-11-21T00:00:00Z' }) }), 'KeyNotYetValid');
  t.is(count({}, { seen, ...withKey({ notBefore: '2026-11-19T00:00:00Z' }) }).verdict, 'Approved');
});

test('a first sight that lies after the end of the window is outside of it', (t) => {
  const seen = [{ armor: approve(alice), firstSeen: '2026-11-21T10:00:30Z' }];
  refused(t, count({}, { seen, ...withKey({ notAfter: '2026-11-21T10:00:10Z' }) }), 'KeyExpired');
});

test('enrolling a revoked key again does not bring it back', (t) => {
  const keys = [...keyed(alice, { revokedAt: '2026-11-01T00:00:00Z' }), ...keyed(alice)];
  for (const order of [keys, keys.toReversed()])
    refused(
      t,
      count({ a: approve(alice) }, { keyring: { principals: [{ ...people.alice, keys: order }] } }),
      'KeyRevoked',
    );
});

test('a key that two principals share proves neither', (t) => {
  const keyring = { principals: [people.alice, { ...people.bob, keys: keyed(alice) }] };
  const result = count({ a: approve(alice) }, { keyring });
  refused(t, result, 'AmbiguousKey');
  t.is(result.votes[0]?.principal, undefined);
  t.true(result.warnings.some((warning) => warning.includes('enrolled for several principals')));
});

test('a name that is there twice makes neither a second voter nor a first', (t) => {
  const keyring = { principals: [people.alice, { ...people.bob, name: 'alice' }, people.carol] };
  const result = count({ a: approve(alice), b: approve(bob) }, { keyring, policy: { quorum: [{ count: 2 }] } });
  t.deepEqual(
    result.votes.map(({ reason }) => reason),
    ['AmbiguousKey', 'AmbiguousKey'],
  );
  t.true(result.warnings[0]?.includes('alice is there twice'));
});

test('an unusable key costs only itself and is told', (t) => {
  const keyring = { principals: [{ ...people.alice, keys: [{ publicKey: 'ssh-dss AAAA' }, ...keyed(alice)] }] };
  const result = count({ a: approve(alice) }, { keyring });
  t.is(result.verdict, 'Approved');
  t.regex(result.warnings[0] ?? '', /^key 1 of principal alice cannot be used: only ed25519/);
});

test('a vote for an earlier round is stale: reported, ignored, with what to do', (t) => {
  const result = count({ a: signed(alice, earlier.statements.approve) });
  refused(t, result, 'StaleRound');
  t.like(result.votes[0], { principal: 'alice', decision: 'approve' });
  refused(t, count({ a: signed(alice, 'something else') }), 'WrongStatement');
});

test('a no to an earlier round stays a no: it was said to the promotion', (t) => {
  const result = count({ a: signed(alice, earlier.statements.reject), b: approve(bob) });
  t.is(result.verdict, 'Rejected');
  t.like(result.votes[0], { principal: 'alice', decision: 'reject', valid: true });
});

test('a vote taken from another promotion, cluster or round is worth nothing', (t) => {
  refused(
    t,
    count(
      { a: approve(alice) },
      { round: { nonce: 'c', notAfter: '2026-11-28T10:00:00Z', statements: earlier.statements }, earlierRounds: [] },
    ),
    'WrongStatement',
  );
});

const round = (notAfter: string): Partial<CountInput> => ({ round: { nonce: 'b', notAfter, statements } });
test('a round that is over approves nothing', (t) => {
  const votes = { a: approve(alice) };
  t.is(count(votes, round('2026-11-21T10:00:00Z')).verdict, 'Approved');
  for (const notAfter of ['2026-11-21T09:59:59Z', 'never', '']) {
    const result = count(votes, round(notAfter));
    t.is(result.verdict, 'Expired');
    t.is(result.missing.length, 1);
  }
  t.is(count(votes, { now: Number.NaN }).verdict, 'Expired');
});

test('a removed annotation takes nothing back, an approve nor a reject', (t) => {
  const first = count(
    { a: approve(alice), x: approve(stranger), y: 'garbage' },
    { policy: { quorum: [{ count: 2 }] } },
  );
  const later = count(
    { b: approve(bob) },
    { seen: first.votes, now: now + 60_000, policy: { quorum: [{ count: 2 }] } },
  );
  t.is(later.verdict, 'Approved');
  t.like(later.votes[0], { principal: 'alice', carriedBy: [], firstSeen: '2026-11-21T10:00:00Z' });
  t.like(later.votes[1], { principal: 'bob', carriedBy: ['b'], firstSeen: '2026-11-21T10:01:00Z' });
  t.is(later.votes.length, 2, 'what nobody signed goes with its annotation');
  t.is(count({ b: approve(bob) }, { seen: count({ a: reject(alice) }).votes }).verdict, 'Rejected');
});

test('what status says of a vote is not believed', (t) => {
  const forged = {
    armor: approve(stranger),
    firstSeen: '2026-11-20T10:00:00Z',
    principal: 'alice',
    decision: 'approve',
    valid: true,
    reason: 'Counted',
  };
  const result = count({}, { seen: [forged] });
  t.is(result.verdict, 'Waiting');
  t.deepEqual(result.votes, []);
  const revoked = count(
    {},
    { seen: count({ a: approve(alice) }).votes, ...withKey({ revokedAt: '2026-11-21T09:59:00Z' }) },
  );
  refused(t, revoked, 'KeyRevoked');
});

test('counting again what was counted changes nothing, so status settles', (t) => {
  const votes = {
    a: approve(alice),
    b: 'x'.repeat(7000),
    c: '\u001b[31m\u202e',
    d: '',
    e: approve(stranger),
    f: malleated(approve(carol)),
    g: approve(carol),
    h: 'plain words',
  };
  const first = count(votes, { policy: { quorum: [{ count: 3 }] } });
  const second = count(votes, { policy: { quorum: [{ count: 3 }] }, seen: first.votes, now: now + 5000 });
  t.deepEqual(second, first);
  t.deepEqual(count(votes, { policy: { quorum: [{ count: 3 }] }, seen: second.votes, now: now + 9000 }), first);
});

test('what goes to status is bounded and safe to print', (t) => {
  const flood = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [`n${index}`, `\u001b]0;${'x'.repeat(index * 20)}`]),
  );
  const result = count({ ...flood, zz: approve(alice) });
  t.is(result.verdict, 'Approved');
  t.is(result.votes.length, 65);
  t.is(result.votes[0]?.reason, 'Counted');
  for (const { armor: shown, message } of result.votes) {
    t.regex(shown, /^[\x20-\x7e\n]+$/);
    t.true(shown.length <= 6144 && message.length <= 1024);
  }
});

test('one approver cannot fill status with signatures of their own', (t) => {
  const seen = Array.from({ length: 40 }, (_, index) => ({
    armor: approve(carol),
    firstSeen: `2026-11-20T10:00:${10 + index}Z`,
  }));
  const result = count({}, { seen });
  t.is(result.votes.length, 2, 'the one that counts, and one duplicate');
  t.is(result.verdict, 'Approved');
});

test('touch and PIN are asked for by policy or by key', (t) => {
  const sk = { ...people.alice, keys: keyed(skKey) };
  const keyring = { principals: [sk, people.bob] };
  const touch = { quorum: [{ count: 1 }], requireTouch: true };
  t.is(count({ a: approve(skKey) }, { keyring, policy: touch }).verdict, 'Approved');
  refused(t, count({ b: approve(bob) }, { keyring, policy: touch }), 'TouchMissing');
  t.deepEqual(count({}, { keyring, policy: touch }).missing, [
    '1 more vote of any principal (0 of 1); can vote: alice',
  ]);
  refused(t, count({ a: approve(alice) }, withKey({ requireTouch: true })), 'TouchMissing');
  const untouched = securityKeySignature(skKey, statements.approve, { flags: 0 });
  refused(t, count({ a: untouched }, { keyring }), 'TouchMissing');
  const pin = { quorum: [{ count: 1 }], requireUserVerification: true };
  refused(t, count({ a: approve(skKey) }, { keyring, policy: pin }), 'UserVerificationMissing');
  t.is(
    count({ a: securityKeySignature(skKey, statements.approve, { flags: 5 }) }, { keyring, policy: pin }).verdict,
    'Approved',
  );
});

test('hostile names and armors reach no message as they are', (t) => {
  const evil = 'x\u001b[31m\u202e\n';
  const result = count(
    { a: approve(alice), [evil]: armor(Buffer.from(evil)) },
    {
      keyring: { principals: [{ ...people.alice, name: evil, kubernetesUsers: [] }, people.bob] },
      policy: { quorum: [{ group: evil, count: 1 }] },
    },
  );
  for (const line of [...result.missing, ...result.warnings, ...result.votes.map(({ message }) => message)])
    t.regex(line, /^[\x20-\x7e]+$/);
});
