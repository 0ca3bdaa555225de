/** Each bound and each word of a count: one case on either side, told to a person as it is written here. */
import test from 'ava';
import {
  countVotes,
  MAX_ARMOR_CHARACTERS,
  MAX_KEY_CHARACTERS,
  reviewKeyring,
  type CountInput,
  type CountResult,
  type KeySpec,
  type PrincipalSpec,
  type VotePolicy,
} from '../../operator/votes/index.ts';
import {
  armor,
  armored,
  ed25519Key,
  rsaKey,
  securityKey,
  signed,
  stockFingerprint,
  string,
  type MadeKey,
} from '../vectors/ssh.ts';

const now = Date.parse('2026-11-21T10:00:00Z');
const statements = { approve: '{"approve":2}\n', reject: '{"reject":2}\n' };
const rounds = (many: number) =>
  Array.from({ length: many }, (_, index) => ({
    nonce: String(index),
    statements: { approve: `approve ${index}\n`, reject: `reject ${index}\n` },
  }));
const [own, other, sk] = [ed25519Key(), ed25519Key(), securityKey('ed25519')];
const print = new Map([own, other, sk].map((key) => [key, stockFingerprint(key.line)]));
const fingerprint = print.get(own) ?? '';
const alice = (key: Partial<KeySpec> = {}, rest: Partial<PrincipalSpec> = {}): PrincipalSpec => ({
  name: 'alice',
  groups: ['security'],
  kubernetesUsers: ['oidc:alice'],
  emails: ['alice@example.com'],
  keys: [{ publicKey: own.line, ...key }],
  ...rest,
});
const person = (name: string, keys: readonly MadeKey[] = [], rest: Partial<PrincipalSpec> = {}): PrincipalSpec => ({
  name,
  kubernetesUsers: [`oidc:${name}`],
  keys: keys.map(({ line }) => ({ publicKey: line })),
  ...rest,
});
const votes = (...armors: readonly string[]): Record<string, string> =>
  Object.fromEntries(armors.map((text, index) => [`vote.twinlock.dev/${index}`, text]));
const counted = (changed: Partial<CountInput> = {}): CountResult =>
  countVotes({
    now,
    round: { nonce: 'b', notAfter: '2026-11-28T10:00:00Z', statements },
    keyring: { principals: [alice()] },
    policy: { quorum: [{ count: 1 }] },
    requestedBy: 'oidc:agent',
    annotations: votes(signed(own, statements.approve)),
    ...changed,
  });
const keyed = (key: Partial<KeySpec>): Partial<CountInput> => ({ keyring: { principals: [alice(key)] } });
const policed = (policy: VotePolicy): Partial<CountInput> => ({ policy: { quorum: [{ count: 1 }], ...policy } });
const carrying = (text: string): Partial<CountInput> => ({ annotations: votes(text) });

/** What the one vote of a count is told to be. */
const told: readonly (readonly [string, Partial<CountInput>, string, string])[] = [
  ['a yes', {}, 'Counted', 'alice approved'],
  ['a no', carrying(signed(own, statements.reject)), 'Counted', 'alice rejected: this is final'],
  [
    'a yes of nobody who is asked',
    policed({ quorum: [{ group: 'platform', count: 1 }] }),
    'NoWeight',
    'alice is in none of the groups that the policy asks for',
  ],
  [
    'a stranger',
    carrying(signed(other, statements.approve)),
    'NotEnrolled',
    `key ${print.get(other)} is not in the keyring: sign with an enrolled key, or have it enrolled`,
  ],
  [
    'a key in a line that is too long to be read',
    keyed({ publicKey: `${own.line} ${'x'.repeat(MAX_KEY_CHARACTERS)}` }),
    'NotEnrolled',
    `key ${fingerprint} is not in the keyring: sign with an enrolled key, or have it enrolled`,
  ],
  [
    'another text',
    carrying(signed(own, 'something else')),
    'WrongStatement',
    'it signs another text than the statements of this round: fetch the statement anew and sign that file as it is',
  ],
  [
    'a text that a program changed',
    carrying(signed(own, statements.approve.trimEnd())),
    'WrongStatement',
    'it signs the statement without the line break at its end: a program changed the file, fetch it anew with the command of status.why and sign that file as it is',
  ],
  [
    'a yes to an earlier round',
    { ...carrying(signed(own, 'approve 0\n')), earlierRounds: rounds(1) },
    'StaleRound',
    'it is for an earlier round, what would be promoted has changed since: read the statement again and sign it',
  ],
  [
    'a key of two people',
    { keyring: { principals: [alice(), person('bob', [own])] } },
    'AmbiguousKey',
    `key ${fingerprint} is enrolled for several principals: it counts for none`,
  ],
  [
    'a key of a name that is there twice',
    { keyring: { principals: [alice(), person('alice', [other])] } },
    'AmbiguousKey',
    `key ${fingerprint} of alice is in the keyring and cannot be used: the name of its principal is there twice, give each a name of its own`,
  ],
  [
    'a revoked key',
    keyed({ revokedAt: '2026-11-21T10:00:00Z' }),
    'KeyRevoked',
    `key ${fingerprint} was revoked: sign with another enrolled key`,
  ],
  [
    'a revoked key, and why',
    keyed({ revokedAt: '2026-11-21T10:00:00Z', reason: 'lost' }),
    'KeyRevoked',
    `key ${fingerprint} was revoked (lost): sign with another enrolled key`,
  ],
  [
    'a key of tomorrow',
    keyed({ notBefore: '2026-11-21T10:00:01Z' }),
    'KeyNotYetValid',
    `key ${fingerprint} was not valid before 2026-11-21T10:00:01Z when the vote was seen`,
  ],
  [
    'a key of yesterday',
    keyed({ notAfter: '2026-11-21T09:59:59Z' }),
    'KeyExpired',
    `key ${fingerprint} is not valid after 2026-11-21T09:59:59Z: ask for a new one to be enrolled`,
  ],
  [
    'no touch',
    keyed({ requireTouch: true }),
    'TouchMissing',
    'a touch is required: sign with a security key (ssh-keygen -t ed25519-sk) and touch it',
  ],
  [
    'no PIN',
    policed({ requireUserVerification: true }),
    'UserVerificationMissing',
    'a PIN or fingerprint is required: sign with a security key made with -O verify-required',
  ],
  [
    'the requester',
    { requestedBy: 'oidc:alice' },
    'Requester',
    'who requested a promotion may not vote on it: ask somebody else',
  ],
  [
    'nobody knows the requester',
    { requestedBy: '' },
    'RequesterUnknown',
    'nobody knows who requested this promotion: create it again',
  ],
  [
    'an author',
    { ...policed({ separation: { authors: true } }), authors: ['alice@example.com'] },
    'Author',
    'who wrote the promoted commits may not vote on them: ask somebody else',
  ],
  [
    'nobody knows the authors',
    policed({ separation: { authors: true } }),
    'AuthorsUnknown',
    'the policy excludes authors and nobody knows who they are: connect the forge or sign the provenance',
  ],
  [
    'no signature',
    carrying('plain words'),
    'BadArmor',
    'the vote is no SSH signature: it must begin with BEGIN SSH SIGNATURE and end with END SSH SIGNATURE, with nothing around; annotate the .sig file as it is',
  ],
  [
    'letters of no signature',
    carrying('plain words!'),
    'BadArmor',
    'the annotation is no SSH signature: put the .sig file into it, as it is and nothing else',
  ],
  [
    'too long',
    carrying('A'.repeat(MAX_ARMOR_CHARACTERS + 1)),
    'TooLarge',
    'the annotation is no SSH signature: put the .sig file into it, as it is and nothing else',
  ],
];
for (const [what, changed, reason, message] of told)
  test(`what a vote is told: ${what}`, (t) => {
    const { votes: all } = counted(changed);
    t.like(all[0], { reason, message });
    t.is(all.length, 1);
  });

test('a second vote of one person is told to be one', (t) => {
  const [first, second] = counted({
    keyring: { principals: [alice({}, { keys: [{ publicKey: own.line }, { publicKey: other.line }] })] },
    annotations: votes(signed(own, statements.approve), signed(other, statements.approve)),
  }).votes;
  t.like(first, { reason: 'Counted', message: 'alice approved' });
  t.like(second, { valid: true, reason: 'Duplicate', message: 'alice has said so before: one person counts once' });
});

test('a yes and a no of one person are two votes, and the no decides', (t) => {
  const result = counted({ annotations: votes(signed(own, statements.approve), signed(own, statements.reject)) });
  t.is(result.verdict, 'Rejected');
  t.deepEqual(
    result.votes.map(({ decision, reason }) => [decision, reason]),
    [
      ['approve', 'Counted'],
      ['reject', 'Counted'],
    ],
  );
});

test('texts that cannot be told apart decide nothing, nor does an empty one, whoever signed it', (t) => {
  const cases = [
    { approve: 'the same\n', reject: 'the same\n', sign: 'the same\n' },
    { approve: '', reject: 'no\n', sign: '' },
    { approve: '', reject: 'no\n', sign: 'no\n' },
    { approve: 'yes\n', reject: '', sign: '' },
    { approve: 'yes\n', reject: '', sign: 'yes\n' },
  ];
  for (const { sign, ...texts } of cases) {
    const { votes: told, verdict } = counted({
      round: { nonce: 'b', notAfter: '2026-11-28T10:00:00Z', statements: texts },
      ...carrying(signed(own, sign)),
    });
    t.deepEqual([verdict, told[0]?.reason], ['Waiting', 'WrongStatement'], JSON.stringify({ ...texts, sign }));
  }
});

test('a signature of another length than its kind has is of no text', (t) => {
  for (const length of [0, 1, 31, 32, 33, 63, 65]) {
    const signature = Buffer.concat([string(own.type), string(Buffer.alloc(length))]);
    const [vote] = counted(carrying(armored({ publicKey: own.blob, signature }))).votes;
    t.is(vote?.reason, 'WrongStatement', `${length} bytes`);
  }
});

const seenAt = (firstSeen: string): Partial<CountInput> => ({
  annotations: {},
  seen: [{ armor: signed(own, statements.approve), firstSeen }],
});
/** When, what of the key and the vote, and what is decided. */
const moments: readonly (readonly [string, Partial<CountInput>, CountResult['verdict']])[] = [
  ['the last moment of the round', { now: Date.parse('2026-11-28T10:00:00Z') }, 'Approved'],
  ['a millisecond later', { now: Date.parse('2026-11-28T10:00:00Z') + 1 }, 'Expired'],
  ['a clock that is none', { now: Number.NaN }, 'Expired'],
  ['a millisecond before the revocation', keyed({ revokedAt: '2026-11-21T10:00:00.001Z' }), 'Approved'],
  ['the moment of the revocation', keyed({ revokedAt: '2026-11-21T10:00:00Z' }), 'Waiting'],
  ['a millisecond before the window', keyed({ notBefore: '2026-11-21T10:00:00.001Z' }), 'Waiting'],
  ['the first moment of the window', keyed({ notBefore: '2026-11-21T10:00:00Z' }), 'Approved'],
  ['the last moment of the window', keyed({ notAfter: '2026-11-21T10:00:00Z' }), 'Approved'],
  ['a millisecond after the window', keyed({ notAfter: '2026-11-21T09:59:59.999Z' }), 'Waiting'],
  ['a window in another zone', keyed({ notBefore: '2026-11-21T11:00:00+01:00' }), 'Approved'],
  ['a day that no month has', keyed({ notAfter: '2027-02-30T00:00:00Z' }), 'Waiting'],
  [
    'seen before the window',
    { ...keyed({ notBefore: '2026-11-21T09:00:00Z' }), ...seenAt('2026-11-21T08:59:59Z') },
    'Waiting',
  ],
  [
    'seen at its first moment',
    { ...keyed({ notBefore: '2026-11-21T09:00:00Z' }), ...seenAt('2026-11-21T09:00:00Z') },
    'Approved',
  ],
  ['seen at no time', { ...keyed({ notBefore: '2026-11-21T09:00:00Z' }), ...seenAt('some day') }, 'Approved'],
  [
    'seen at no time, and not valid now',
    { ...keyed({ notBefore: '2026-11-21T10:00:01Z' }), ...seenAt('some day') },
    'Waiting',
  ],
];
for (const [what, changed, verdict] of moments)
  test(`a moment decides: ${what}`, (t) => {
    t.is(counted(changed).verdict, verdict);
  });

test('a round that has ended says so, and one that waits says what for', (t) => {
  t.deepEqual(counted({ now: Date.parse('2027-01-01T00:00:00Z') }).missing, [
    'the round has ended: a new one must be opened',
  ]);
  t.deepEqual(counted().missing, []);
  t.deepEqual(counted(carrying(signed(own, statements.reject))).missing, []);
});

const crowd = (many: number): readonly PrincipalSpec[] =>
  Array.from({ length: many }, (_, index) => person(`p${index}`, [ed25519Key()], { groups: ['security'] }));
const eight = crowd(9);
const missing = (policy: VotePolicy, principals: readonly PrincipalSpec[], changed: Partial<CountInput> = {}) =>
  counted({ annotations: {}, policy, keyring: { principals }, ...changed }).missing;

test('what is missing names who can help, eight of them at most', (t) => {
  const policy = { quorum: [{ count: 1 }] };
  t.deepEqual(missing(policy, eight.slice(0, 8)), [
    '1 more vote of any principal (0 of 1); can vote: p0, p1, p2, p3, p4, p5, p6, p7',
  ]);
  t.deepEqual(missing(policy, eight), [
    '1 more vote of any principal (0 of 1); can vote: p0, p1, p2, p3, p4, p5, p6, p7 and 1 more',
  ]);
});

test('what is missing asks for people when the keyring has too few', (t) => {
  const two = eight.slice(0, 2);
  t.deepEqual(missing({ quorum: [{ group: 'security', count: 2 }] }, two), [
    '2 more votes of group security (0 of 2); can vote: p0, p1',
  ]);
  t.deepEqual(missing({ quorum: [{ group: 'security', count: 3 }] }, two), [
    '3 more votes of group security (0 of 3); can vote: p0, p1; add principals or keys to the keyring',
  ]);
  t.deepEqual(missing({ quorum: [{ group: 'platform', count: 1 }] }, two), [
    '1 more vote of group platform (0 of 1); nobody else can; add principals or keys to the keyring',
  ]);
});

test('what is missing names nobody who could not vote', (t) => {
  const nobody = ['1 more vote of any principal (0 of 1); nobody else can; add principals or keys to the keyring'];
  const somebody = ['1 more vote of any principal (0 of 1); can vote: alice'];
  const ask = (key: Partial<KeySpec>, policy: VotePolicy = {}, changed: Partial<CountInput> = {}) =>
    missing({ quorum: [{ count: 1 }], ...policy }, [alice(key)], changed);
  const hardware = { publicKey: sk.line };
  t.deepEqual(ask({}), somebody);
  t.deepEqual(ask({}, {}, { requestedBy: 'oidc:alice' }), nobody);
  t.deepEqual(ask({ revokedAt: '2026-11-21T10:00:00Z' }), nobody);
  t.deepEqual(ask({ requireTouch: true }), nobody);
  t.deepEqual(ask({}, { requireTouch: true }), nobody);
  t.deepEqual(ask({}, { requireUserVerification: true }), nobody);
  t.deepEqual(ask({}, { requireTouch: false, requireUserVerification: false }), somebody);
  t.deepEqual(ask(hardware, { requireTouch: true }), somebody);
  t.deepEqual(ask({ ...hardware, requireTouch: true }), somebody);
  t.deepEqual(ask(hardware, { requireUserVerification: true }), somebody);
  t.deepEqual(missing({ quorum: [{ count: 1 }] }, [alice(), person('bob', [own])]), nobody, 'a shared key');
  t.deepEqual(missing({ quorum: [{ count: 1 }] }, [person('alice')]), nobody, 'no key');
});

test('a policy that asks for no votes says how to mend it', (t) => {
  t.deepEqual(missing({}, [alice()]), ['the policy has no quorum, so no vote can be enough: write spec.quorum']);
  for (const count of [0, -1, 0.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1])
    t.deepEqual(missing({ quorum: [{ group: 'security', count }] }, [alice()]), [
      `votes of group security: the policy asks for ${count}, write a count of at least 1`,
    ]);
});

test('one vote less than the quorum waits, as many approve, and each entry must be met', (t) => {
  const people = [own, other, sk].map((key, index) => person(`p${index}`, [key], { groups: ['g'] }));
  const of = (quorum: VotePolicy['quorum'], many: number): string =>
    counted({
      policy: { quorum },
      keyring: { principals: people },
      annotations: votes(...[own, other, sk].slice(0, many).map((key) => signed(key, statements.approve))),
    }).verdict;
  t.is(of([{ count: 2 }], 1), 'Waiting');
  t.is(of([{ count: 2 }], 2), 'Approved');
  t.is(of([{ count: 2 }], 3), 'Approved');
  t.is(of([{ group: 'g', count: 1 }, { count: 3 }], 2), 'Waiting');
  t.is(of([{ group: 'g', count: 1 }, { count: 3 }], 3), 'Approved');
  t.is(of([{ group: 'h', count: 1 }, { count: 1 }], 3), 'Waiting');
});

const reason = (changed: Partial<CountInput>): string | undefined => counted(changed).votes[0]?.reason;
const found = (index: number, many: number): string | undefined =>
  reason({ ...carrying(signed(own, `approve ${index}\n`)), earlierRounds: rounds(many) });

test('rounds of long ago are not searched: sixteen back and no further', (t) => {
  t.is(found(0, 16), 'StaleRound');
  t.is(found(0, 17), 'WrongStatement');
  t.is(found(1, 17), 'StaleRound');
  t.is(found(16, 17), 'StaleRound');
});

test('an armor of the largest length is read, one character more is not', (t) => {
  const frame = armor(Buffer.alloc(3)).length - 4 - 1;
  const [exact = '', above = ''] = [0, 1].map(
    (more) =>
      `-----BEGIN SSH SIGNATURE-----\n${'A'.repeat(MAX_ARMOR_CHARACTERS - frame + more)}\n-----END SSH SIGNATURE-----`,
  );
  t.is(exact.length, MAX_ARMOR_CHARACTERS);
  t.is(counted(carrying(exact)).votes[0]?.reason, 'BadArmor');
  t.is(counted(carrying(exact)).votes[0]?.armor, exact);
  t.is(counted(carrying(above)).votes[0]?.reason, 'TooLarge');
});

const noise = (many: number): readonly string[] => Array.from({ length: many }, (_, index) => `noise ${index}`);

test('of what nobody signed 64 are told, and each that an enrolled key signed', (t) => {
  t.is(counted({ annotations: votes(...noise(64)) }).votes.length, 64);
  t.is(counted({ annotations: votes(...noise(65)) }).votes.length, 64);
  t.is(counted({ annotations: votes(...noise(65), signed(own, statements.approve)) }).votes.length, 65);
});

test('what counts is told first, then duplicates, then what an enrolled key signed, then noise', (t) => {
  const result = counted({
    keyring: {
      principals: [
        alice({}, { keys: [{ publicKey: own.line }, { publicKey: other.line }] }),
        person('bob', [sk], { kubernetesUsers: ['oidc:agent'] }),
      ],
    },
    annotations: votes(
      'noise',
      signed(sk, statements.approve),
      signed(own, statements.approve),
      signed(other, statements.approve),
    ),
  });
  t.deepEqual(
    result.votes.map(({ reason }) => reason),
    ['Counted', 'Duplicate', 'Requester', 'BadArmor'],
  );
});

test('only annotations under the prefix are votes, told by the rest of their name', (t) => {
  const vote = signed(own, statements.approve);
  const result = counted({ annotations: { 'vote.twinlock.dev/me': vote, 'vote.twinlock.devil/x': vote, x: vote } });
  t.deepEqual(result.votes[0]?.carriedBy, ['me']);
});

test('a vote is seen first when status says so, else now', (t) => {
  const vote = signed(own, statements.approve);
  t.is(counted().votes[0]?.firstSeen, '2026-11-21T10:00:00Z');
  const seen = [
    { armor: vote, firstSeen: '2026-11-20T10:00:00Z' },
    { armor: vote, firstSeen: '2026-11-19T10:00:00Z' },
  ];
  t.is(counted({ seen }).votes[0]?.firstSeen, '2026-11-20T10:00:00Z', 'the first of them');
  t.deepEqual(counted({ seen }).votes[0]?.carriedBy, ['0']);
});

test('what is no armor is shown by its beginning, length and digest', (t) => {
  const [shown] = counted(carrying(`${'x'.repeat(50)} PRIVATE KEY`)).votes;
  t.regex(shown?.armor ?? '', /^x{40}\.\.\. \(62 characters, sha256:[0-9a-f]{64}\)$/);
  const again = counted({ annotations: {}, seen: [{ armor: shown?.armor ?? '', firstSeen: '2026-11-20T10:00:00Z' }] });
  t.deepEqual(again.votes, [], 'and is gone with its annotation');
  const back = counted({
    ...carrying(`${'x'.repeat(50)} PRIVATE KEY`),
    seen: [{ armor: shown?.armor ?? '', firstSeen: '2026-11-20T10:00:00Z' }],
  });
  t.is(back.votes.length, 1);
  t.is(back.votes[0]?.firstSeen, '2026-11-20T10:00:00Z');
});

test('names are compared without case and spaces around, so that nobody escapes by spelling', (t) => {
  t.is(reason({ requestedBy: ' Oidc:ALICE ' }), 'Requester');
  t.is(reason({ requestedBy: 'ALICE' }), 'Requester');
  t.is(reason({ requestedBy: 'oidc:alic' }), 'Counted');
  t.is(reason({ requestedBy: 'oidc:alice', ...policed({ separation: { requester: false } }) }), 'Counted');
  t.is(reason({ requestedBy: '', ...policed({ separation: { requester: false } }) }), 'Counted');
  t.is(reason({ requestedBy: 'oidc:alice', ...policed({ separation: {} }) }), 'Requester');
  const authors = policed({ separation: { authors: true } });
  t.is(reason({ ...authors, authors: ['ALICE'] }), 'Author');
  t.is(reason({ ...authors, authors: ['bob', 'Alice@example.com '] }), 'Author');
  t.is(reason({ ...authors, authors: [] }), 'Counted');
  t.is(reason({ ...policed({ separation: { authors: false } }), authors: ['alice'] }), 'Counted');
});

test('what a keyring lacks is told with the count', (t) => {
  const weak = rsaKey(2048);
  const { warnings } = counted({
    keyring: {
      principals: [
        alice(),
        person('bob', [own]),
        { name: 'carol', keys: [{ publicKey: other.line }, { publicKey: weak.line }] },
        person('dave'),
        person('dave'),
        person(''),
      ],
    },
  });
  t.deepEqual(warnings, [
    'principal dave is there twice: none of its keys counts, give each a name of its own',
    'principal  is there twice: none of its keys counts, give each a name of its own',
    'key 2 of principal carol cannot be used: the key is unfit, it has 2048 bits and RSA needs 3072: make a new one with ssh-keygen -t ed25519',
    `key ${fingerprint} is enrolled for several principals: it counts for none`,
    'principal carol has no kubernetesUsers: whether they requested a promotion is known by the name only',
  ]);
  t.deepEqual(
    counted({ keyring: { principals: [{ name: 'carol' }] }, ...policed({ separation: { requester: false } }) })
      .warnings,
    [],
  );
});

const review = (...principals: readonly PrincipalSpec[]) => reviewKeyring({ principals }, now);
const whose = `key ${fingerprint} of principal alice`;
const none = 'principal alice has no key that counts now: enrol one';
const reviewed: readonly (readonly [string, Partial<KeySpec>, readonly string[], number, string | undefined])[] = [
  ['nothing', {}, [], 1, undefined],
  ['the last moment', { notAfter: '2026-11-21T10:00:00Z' }, [], 1, undefined],
  [
    'a millisecond after',
    { notAfter: '2026-11-21T09:59:59.999Z' },
    [`${whose} is not valid after 2026-11-21T09:59:59.999Z: enrol a new one`, none],
    0,
    undefined,
  ],
  ['the first moment', { notBefore: '2026-11-21T10:00:00Z' }, [], 1, undefined],
  [
    'a millisecond before',
    { notBefore: '2026-11-21T10:00:00.001Z' },
    [`${whose} is not valid before 2026-11-21T10:00:00.001Z`, none],
    0,
    '2026-11-21T10:00:00.001Z',
  ],
  ['revoked', { revokedAt: '2026-11-21T10:00:00Z' }, [none], 0, undefined],
  [
    'revoked and long expired',
    { revokedAt: '2026-11-21T10:00:00Z', notAfter: '2020-01-01T00:00:00Z' },
    [none],
    0,
    undefined,
  ],
  ['soon revoked', { revokedAt: '2026-11-21T10:00:01Z' }, [], 1, '2026-11-21T10:00:01Z'],
  [
    'soon expired, later revoked',
    { notAfter: '2026-11-22T10:00:00Z', revokedAt: '2026-11-23T10:00:00Z' },
    [],
    1,
    '2026-11-22T10:00:00Z',
  ],
  [
    'times that are none',
    { notBefore: 'soon', notAfter: 'late' },
    [`${whose} has a time that is none, soon, late: it counts for nothing`, none],
    0,
    undefined,
  ],
  [
    'a touch that it cannot show',
    { requireTouch: true },
    [`${whose} has requireTouch and is no security key: no vote of it can count (ssh-keygen -t ed25519-sk)`, none],
    0,
    undefined,
  ],
];
for (const [what, key, warnings, voters, changesAt] of reviewed)
  test(`a keyring is read as a count reads it: ${what}`, (t) => {
    t.deepEqual(review(alice(key)), {
      warnings,
      voters,
      changesAt: changesAt === undefined ? undefined : Date.parse(changesAt),
    });
  });

test('a keyring is read person by person', (t) => {
  const shared = review(alice(), person('bob', [own, other]));
  t.is(shared.voters, 1);
  t.deepEqual(shared.warnings, [`key ${fingerprint} is enrolled for several principals: it counts for none`, none]);
  const again = review(alice({}, { keys: [{ publicKey: own.line }, { publicKey: own.line, requireTouch: true }] }));
  t.is(again.voters, 0);
  t.deepEqual(again.warnings, [
    `${whose} is enrolled 2 times: all of these must allow a vote`,
    `${whose} has requireTouch and is no security key: no vote of it can count (ssh-keygen -t ed25519-sk)`,
    none,
  ]);
  t.deepEqual(review(person('alice', [sk])).warnings, []);
  t.deepEqual(review(person('alice')).warnings, [none]);
  t.deepEqual(reviewKeyring({}, now), { warnings: [], voters: 0, changesAt: undefined });
});
