/** What a count keeps, digests and exports: each choice of it from both sides. */
import test from 'ava';
import { digestOf, digestOfBytes } from '../../operator/canonical/index.ts';
import {
  allowedSigners,
  ballotsOf,
  countVotes,
  keyringDigest,
  MAX_ARMOR_CHARACTERS,
  policyDigest,
  reviewKeyring,
  voteCommands,
  type CountInput,
  type CountResult,
  type KeyringSpec,
  type KeySpec,
  type PrincipalSpec,
  type VotePolicy,
} from '../../operator/votes/index.ts';
import { ed25519Key, rsaKey, securityKey, signed, stockFingerprint, type MadeKey } from '../vectors/ssh.ts';

const now = Date.parse('2026-11-21T10:00:00Z');
const statements = { approve: 'yes\n', reject: 'no\n' };
const [one, two, three, sk] = [ed25519Key(), ed25519Key(), ed25519Key(), securityKey('ed25519')];
const enrolled = (key: MadeKey, rest: Partial<KeySpec> = {}): KeySpec => ({ publicKey: key.line, ...rest });
const person = (name: string, keys: readonly KeySpec[], rest: Partial<PrincipalSpec> = {}): PrincipalSpec => ({
  name,
  kubernetesUsers: [`oidc:${name}`],
  keys,
  ...rest,
});
const count = (
  principals: readonly PrincipalSpec[],
  armors: readonly string[],
  changed: Partial<CountInput> = {},
): CountResult =>
  countVotes({
    now,
    round: { nonce: 'b', notAfter: '2026-11-28T10:00:00Z', statements },
    keyring: { principals },
    policy: { quorum: [{ count: 1 }] },
    requestedBy: 'oidc:agent',
    annotations: Object.fromEntries(armors.map((text, index) => [`vote.twinlock.dev/v${index}`, text])),
    ...changed,
  });
const yes = (key: MadeKey): string => signed(key, statements.approve);
const reasons = ({ votes }: CountResult): readonly string[] => votes.map(({ reason }) => reason);

test('a vote is told with what is known of it, and with nothing else', (t) => {
  const base = { firstSeen: '2026-11-21T10:00:00Z', carriedBy: ['v0'] };
  const [mine] = count([person('alice', [enrolled(one)])], [yes(one)]).votes;
  t.deepEqual(mine, {
    ...base,
    principal: 'alice',
    decision: 'approve',
    keyFingerprint: stockFingerprint(one.line),
    valid: true,
    reason: 'Counted',
    message: 'alice approved',
    armor: yes(one).trimEnd(),
  });
  const [noise] = count([], ['noise']).votes;
  t.deepEqual(Object.keys(noise ?? {}).toSorted(), ['armor', 'carriedBy', 'firstSeen', 'message', 'reason', 'valid']);
  const [stranger] = count([person('alice', [enrolled(one)])], [yes(two)]).votes;
  t.is(stranger?.keyFingerprint, stockFingerprint(two.line));
  const [wrong] = count([person('alice', [enrolled(one)])], [signed(one, 'other')]).votes;
  t.is(wrong?.keyFingerprint, stockFingerprint(one.line));
  t.is(wrong?.decision, undefined);
});

test('a no is in no quorum', (t) => {
  const result = count([person('alice', [enrolled(one)])], [signed(one, statements.reject)]);
  t.deepEqual(result.quorum, [{ need: 1, have: 0, principals: [] }]);
});

test('votes that count stand before duplicates, in whatever order they were seen', (t) => {
  const people = [person('alice', [enrolled(one), enrolled(two)]), person('bob', [enrolled(three)])];
  t.deepEqual(reasons(count(people, [yes(one), yes(two), yes(three)])), ['Counted', 'Counted', 'Duplicate']);
});

test('a vote counts when one of the groups that are asked for is its own', (t) => {
  const policy = {
    quorum: [
      { group: 'security', count: 1 },
      { group: 'platform', count: 1 },
    ],
  };
  const result = count([person('alice', [enrolled(one)], { groups: ['security'] })], [yes(one)], { policy });
  t.deepEqual(reasons(result), ['Counted']);
  t.is(result.missing.length, 1, 'only the entry that is not met');
  t.regex(result.missing[0] ?? '', /of group platform \(0 of 1\)/);
  t.deepEqual(reasons(count([person('alice', [enrolled(one)])], [yes(one)], { policy })), ['NoWeight'], 'no groups');
});

test('a no counts whatever groups are asked for, and where nobody is asked', (t) => {
  const no = [signed(one, statements.reject)];
  for (const quorum of [[{ group: 'security', count: 1 }], [], undefined]) {
    const { verdict, votes } = count([person('alice', [enrolled(one)])], no, { policy: { quorum } });
    t.is(verdict, 'Rejected');
    t.deepEqual(
      votes.map(({ reason, message }) => `${reason}: ${message}`),
      ['Counted: alice rejected: this is final'],
    );
  }
});

test('a yes has no weight where nobody is asked', (t) => {
  for (const quorum of [[], undefined])
    t.deepEqual(reasons(count([person('alice', [enrolled(one)])], [yes(one)], { policy: { quorum } })), ['NoWeight']);
});

test('a touch that one enrolment of a key asks for is asked for', (t) => {
  for (const keys of [
    [enrolled(one), enrolled(one, { requireTouch: true })],
    [enrolled(one, { requireTouch: true }), enrolled(one, { requireTouch: false })],
  ]) {
    const result = count([person('alice', keys)], [yes(one)]);
    t.deepEqual(reasons(result), ['TouchMissing']);
    t.regex(result.missing[0] ?? '', /nobody else can/);
  }
  t.is(reviewKeyring({ principals: [person('alice', [enrolled(sk, { requireTouch: true })])] }, now).voters, 1);
});

test('who can vote is told by keys that hold now', (t) => {
  const holds = {
    notBefore: '2026-11-21T10:00:00Z',
    notAfter: '2026-11-21T10:00:00Z',
    revokedAt: '2026-11-22T00:00:00Z',
  };
  t.regex(count([person('alice', [enrolled(one, holds)])], []).missing[0] ?? '', /can vote: alice$/);
});

test('spaces in a keyring hide nobody', (t) => {
  const people = [person('alice', [enrolled(one)], { kubernetesUsers: [' oidc:Agent '] })];
  t.deepEqual(reasons(count(people, [yes(one)])), ['Requester']);
  const nameless = { name: 'alice', keys: [enrolled(one)] };
  t.deepEqual(reasons(count([nameless], [yes(one)])), ['Counted']);
  const authors = { policy: { quorum: [{ count: 1 }], separation: { authors: true } }, authors: ['bob'] };
  t.deepEqual(reasons(count([nameless], [yes(one)], authors)), ['Counted']);
});

test('of keys that cannot be used the first that has one is named', (t) => {
  const weak = rsaKey(2048);
  const people = [person('carol', [enrolled(weak)]), person('dave', [enrolled(weak)])];
  const result = count(people, [yes(weak)]);
  t.regex(result.votes[0]?.message ?? '', /of carol is in the keyring and cannot be used: the key is unfit/);
  t.is(result.votes[0]?.reason, 'WeakKey');
  t.is(result.warnings.filter((line) => line.includes('cannot be used')).length, 2);
  const nonsense = [person('erin', [{ publicKey: 'nonsense' }, enrolled(one)])];
  t.is(count(nonsense, [yes(one)]).verdict, 'Approved');
});

const kept = (text: string): string | undefined =>
  ballotsOf({ annotations: {}, seen: [{ armor: text, firstSeen: 'x' }], now })[0]?.armor;
const shortened = (start: string, more = '5 characters'): string => `${start} (${more}, ${digestOfBytes('x')})`;

test('what was shortened is kept as it is, and nothing that only looks like it', (t) => {
  for (const text of [shortened(''), shortened('x'), shortened('x'.repeat(60)), shortened('x', '123 characters')])
    t.is(kept(text), text);
  for (const text of [
    shortened('x'.repeat(61)),
    shortened('x', 'x characters'),
    `${shortened('x')} and more`,
    shortened('\u00e9'),
    shortened('x').replace(/.\)$/, ')'),
    shortened('x').replace(/.\)$/, 'G)'),
  ])
    t.regex(kept(text) ?? '', new RegExp(` \\(${text.length} characters, sha256:[0-9a-f]{64}\\)$`), text);
});

test('what calls itself a signature is kept letter by letter, unless it is too long', (t) => {
  const odd = 'BEGIN SSH SIGNATURE with a ! and an \u00e9';
  t.is(kept(odd), odd);
  t.is(kept('AAAA'), 'AAAA', 'letters of an armor');
  t.not(kept('AAAA!'), 'AAAA!');
  t.not(kept('!AAAA'), '!AAAA');
  t.not(kept('PRIVATE KEY'), 'PRIVATE KEY');
  t.is(kept('BEGIN SSH SIGNATURE PRIVATE KEY'), 'BEGIN SSH SIGNATURE PRIVATE KEY');
  t.not(kept(`BEGIN SSH SIGNATURE${'A'.repeat(MAX_ARMOR_CHARACTERS)}`)?.length, MAX_ARMOR_CHARACTERS + 19);
  t.is(kept('AAAA\n'), 'AAAA', 'its final line break is not of it');
  t.is(kept('AAAA\n\n\n'), 'AAAA\n\n\n', 'of several none is taken');
  t.is(kept(''), `  (0 characters, ${digestOfBytes('')})`.slice(1));
});

test('digests are over these values and no others: rounds that are open must stay open when the code changes', (t) => {
  const gate = { name: 'environment', type: 'Environment' };
  const plain = {
    gates: [digestOf(gate)],
    quorum: [digestOf({ count: 1 })],
    separation: { requester: true, authors: false },
    requireTouch: false,
    requireUserVerification: false,
  };
  const of = (policy: VotePolicy): string => policyDigest({ quorum: [{ count: 1 }], ...policy }, [gate]);
  t.is(of({}), digestOf(plain));
  t.is(of({ notExercised: 'Allow' }), digestOf(plain));
  t.is(of({ notExercised: 'Deny' }), digestOf({ ...plain, notExercised: 'Deny' }));
  t.is(of({ requireTouch: true }), digestOf({ ...plain, requireTouch: true }));
  t.is(of({ requireUserVerification: true }), digestOf({ ...plain, requireUserVerification: true }));
  t.is(
    of({ separation: { requester: false, authors: true } }),
    digestOf({ ...plain, separation: { requester: false, authors: true } }),
  );
  t.is(policyDigest({}, []), digestOf({ ...plain, gates: [], quorum: [] }));
});

const keysOf = (...keys: readonly (readonly [MadeKey, boolean])[]) =>
  keys
    .map(([key, requireTouch]) => ({ fingerprint: stockFingerprint(key.line), requireTouch }))
    .toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));

const entry = (name: string, rest: object = {}): object => ({
  name,
  groups: [],
  kubernetesUsers: [],
  emails: [],
  keys: [],
  ...rest,
});

const digestIn = (principals: KeyringSpec['principals'], policy: VotePolicy = { quorum: [{ count: 1 }] }): string =>
  keyringDigest({ principals }, policy);

test('the digest of a keyring is over who can count, in one order', (t) => {
  t.is(digestIn([{ name: 'c' }, { name: 'a' }, { name: 'b' }]), digestOf([entry('a'), entry('b'), entry('c')]));
  t.is(digestIn([{ name: 'b' }, { name: 'c' }, { name: 'a' }]), digestOf([entry('a'), entry('b'), entry('c')]));
  t.is(digestIn(undefined), digestOf([]));
  t.is(digestIn([{ name: 'a' }], {}), digestOf([]), 'nobody is asked');
  const touched = [enrolled(one), enrolled(one, { requireTouch: true }), enrolled(two), enrolled(three)];
  const told = keysOf([one, true], [two, false], [three, false]);
  t.is(digestIn([{ name: 'a', keys: touched }]), digestOf([entry('a', { keys: told })]));
  t.is(digestIn([{ name: 'a', keys: touched.toReversed() }]), digestOf([entry('a', { keys: told })]));
  const each = [
    { name: 'a', keys: [enrolled(one)] },
    { name: 'b', keys: [enrolled(two)] },
  ];
  const ofEach = [entry('a', { keys: keysOf([one, false]) }), entry('b', { keys: keysOf([two, false]) })];
  t.is(digestIn(each), digestOf(ofEach), 'each their own');
  const shared = [
    { name: 'a', keys: [enrolled(one)] },
    { name: 'b', keys: [enrolled(one)] },
  ];
  t.is(digestIn(shared), digestOf([entry('a'), entry('b')]), 'a shared key is nobody’s');
  const full = { name: 'a', groups: ['y', 'x', 'x'], kubernetesUsers: ['v', 'u'], emails: ['n', 'm'] };
  const asked = { quorum: [{ group: 'x', count: 1 }] };
  t.is(digestIn([full], asked), digestOf([entry('a', { groups: ['x'], kubernetesUsers: ['u', 'v'] })]));
  t.is(
    digestIn([full], { ...asked, separation: { authors: true } }),
    digestOf([entry('a', { groups: ['x'], kubernetesUsers: ['u', 'v'], emails: ['m', 'n'] })]),
  );
  t.is(digestIn([{ name: 'a' }], { quorum: [{ count: 1 }], separation: { authors: true } }), digestOf([entry('a')]));
});

const exported = (...principals: readonly PrincipalSpec[]): readonly string[] =>
  allowedSigners({ principals }).split('\n').slice(0, -1);
const line = (key: MadeKey, options = ''): string => `namespaces="vote.v1@twinlock.dev"${options} ${key.line}`;

test('an export has each key with the narrowest of its windows, and none that is shared', (t) => {
  t.deepEqual(exported(person('alice', [enrolled(one), enrolled(two)])), [`alice ${line(one)}`, `alice ${line(two)}`]);
  t.deepEqual(
    exported(
      person('alice', [
        enrolled(one, { notBefore: '2026-11-01T00:00:00Z', notAfter: '2026-11-30T00:00:00Z' }),
        enrolled(one, { notBefore: '2026-11-02T01:02:03Z', revokedAt: '2026-11-29T00:00:00Z' }),
      ]),
    ),
    [`alice ${line(one, ',valid-after="20261102010203Z",valid-before="20261129000000Z"')}`],
  );
  t.deepEqual(exported(person('alice', [enrolled(one)]), person('bob', [enrolled(one), enrolled(two)])), [
    `# key ${stockFingerprint(one.line)} is enrolled for several principals: it counts for none`,
    `bob ${line(two)}`,
  ]);
  for (const name of ['a', 'A.b_c@d+e-9', 'x'.repeat(253)])
    t.deepEqual(exported(person(name, [enrolled(one)])), [`${name} ${line(one)}`]);
  for (const name of ['a b', ' a', 'a ', 'a,b', 'x'.repeat(254)])
    t.regex(
      exported(person(name, [enrolled(one)]))[0] ?? '',
      /has a name that this format cannot hold: SHA256:\S+ left out$/,
    );
  t.deepEqual(exported(person('alice', [enrolled(one, { notAfter: 'late' })])), [
    `# ${stockFingerprint(one.line)} has a time that cannot be read: left out`,
  ]);
});

const lines = (changed: object): readonly string[] =>
  voteCommands({
    namespace: 'shop',
    name: 'web',
    decision: 'approve',
    nonce: 'abcdef123456',
    principalHint: 'alice',
    ...changed,
  });
const placed = (principalHint: string, nonce = 'abcdef123456'): string =>
  /"vote\.twinlock\.dev\/([^=]*)=/.exec(lines({ principalHint, nonce })[2] ?? '')?.[1] ?? '';

test('the lines for a shell take the names that objects can have', (t) => {
  for (const name of ['a', '9', 'a-b.c', 'a'.repeat(253), 'ab']) t.notThrows(() => lines({ name }), name);
  for (const name of ['', '-a', 'a-', '.a', 'a.', 'A', 'a b', 'a\n', '$a', 'a;', 'a'.repeat(254), 'a_b'])
    for (const where of ['name', 'namespace'])
      t.throws(() => lines({ [where]: name }), {
        name: 'CommandError',
        code: 'BadName',
        message: 'the promotion has an impossible name: take it from the API server',
      });
});

test('where a vote is put ends in the nonce, behind what a name can hold of the hint', (t) => {
  t.is(placed('alice'), 'alice-123456');
  t.is(placed('Alice  Example'), 'alice-example-123456');
  t.is(placed('--a--'), 'a-123456');
  t.is(placed(''), '123456');
  t.is(placed('\u00e9'), '123456');
  t.is(placed('alice', ''), 'alice-vote');
  t.is(placed('alice', 'AB-CD'), 'alice-abcd');
  t.is(placed('x'.repeat(80)), `${'x'.repeat(56)}-123456`);
  t.is(placed(`${'x'.repeat(55)} y`), `${'x'.repeat(55)}-123456`);
});

const file = (keyFile?: string): string => / sign -f (.*) -n /.exec(lines({ keyFile })[1] ?? '')?.[1] ?? '';

test('the file of a key is quoted when a shell could misread it', (t) => {
  t.is(file(), '~/.ssh/id_ed25519');
  t.is(file('/home/a_b/k@y%+=:,.-~'), '/home/a_b/k@y%+=:,.-~');
  t.is(file('a b'), "'a b'");
  t.is(file("it's"), `'it'\\''s'`);
  t.is(file(''), "''");
});
