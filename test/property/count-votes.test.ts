/** Random keyrings, policies, times and votes through the one function that decides, beside a model of its own. */
import test from 'ava';
import * as fc from 'fast-check';
import { countVotes, VOTE_PREFIX, type CountInput } from '../../operator/votes/index.ts';
import { expectedOf, type KnownVote } from '../vectors/count-model.ts';
import { ed25519Key, securityKey, securityKeySignature, signed } from '../vectors/ssh.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const texts = {
  approve: 'approve round 2\n',
  reject: 'reject round 2\n',
  'earlier approve': 'approve round 1\n',
  'earlier reject': 'reject round 1\n',
  'something else': 'a shopping list\n',
} as const;
const WHAT = ['approve', 'reject', 'earlier approve', 'earlier reject', 'something else'] as const;

const keys = [ed25519Key(), ed25519Key(), ed25519Key(), ed25519Key()];
const hardware = securityKey('ed25519');
const lines = [...keys, hardware].map(({ line }) => line);
const known: readonly KnownVote[] = [
  ...keys.flatMap((key) =>
    WHAT.map((of) => ({ armor: signed(key, texts[of]).trimEnd(), key: key.line, of, shows: undefined })),
  ),
  ...[0, 1, 4, 5].flatMap((flags) =>
    (['approve', 'reject'] as const).map((of) => ({
      armor: securityKeySignature(hardware, texts[of], { flags }).trimEnd(),
      key: hardware.line,
      of,
      shows: { touch: (flags & 1) !== 0, verified: (flags & 4) !== 0 },
    })),
  ),
  // Of the length and letters of an armor, so that it is kept as it is.
  { armor: 'BEGIN SSH SIGNATURE it is not', key: undefined, of: 'something else', shows: undefined },
];

const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
/** Seconds around now, so that every edge is met. */
const moment = fc
  .integer({ min: -3, max: 3 })
  .map((seconds) => new Date(NOW + seconds * 1000).toISOString().replace('.000', ''));
const keyOf = (publicKey: fc.Arbitrary<string>) =>
  fc.record({
    publicKey,
    notBefore: rarely(moment),
    notAfter: rarely(moment),
    revokedAt: rarely(moment),
    requireTouch: rarely(fc.boolean()),
  });
const anyKey = fc.constantFrom(...lines);
const principalOf = (name: fc.Arbitrary<string>, own: readonly string[]) =>
  fc.record({
    name,
    groups: fc.subarray(['security', 'platform']),
    kubernetesUsers: rarely(fc.subarray(['oidc:a', 'oidc:b'])),
    emails: rarely(fc.subarray(['a@example.com', 'b@example.com'])),
    keys:
      own.length === 0
        ? fc.array(keyOf(anyKey), { maxLength: 1 })
        : fc.tuple(...own.map((line) => keyOf(fc.constant(line)))),
  });
const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin'] as const;
/** Most people have a key of their own; one more may share a name, a key, or nothing. */
const keyring = fc
  .tuple(
    fc.tuple(...NAMES.slice(0, 4).map((name, index) => principalOf(fc.constant(name), lines.slice(index, index + 1)))),
    fc.array(principalOf(fc.constantFrom(...NAMES), lines.slice(4)), { maxLength: 1 }),
    rarely(principalOf(fc.constantFrom(...NAMES), [])),
    rarely(keyOf(anyKey)),
  )
  .map(([people, hardware, stray, again]) => ({
    principals: [
      ...people.map((each, index) => (again && index === 0 ? { ...each, keys: [...each.keys, again] } : each)),
      ...hardware,
      ...(stray === undefined ? [] : [stray]),
    ],
  }));
const policy = fc.record({
  quorum: fc.array(
    fc.record({
      group: fc.option(fc.constantFrom('security', 'platform'), { nil: undefined }),
      count: fc.constantFrom(0, 1, 1, 1, 1, 2, 2, 3),
    }),
    { maxLength: 3 },
  ),
  separation: fc.record({
    requester: rarely(fc.boolean()),
    authors: fc.constantFrom(undefined, undefined, false, true),
  }),
  requireTouch: rarely(fc.boolean()),
  requireUserVerification: rarely(fc.boolean()),
});
const armors = (wanted: (vote: KnownVote) => boolean) =>
  fc.constantFrom(...known.filter(wanted).map((vote) => vote.armor));
/** Mostly a yes: one no ends the round, whatever else there is. */
const armor = fc.oneof(
  { weight: 4, arbitrary: armors(({ of }) => of === 'approve') },
  { weight: 1, arbitrary: armors(({ of }) => of !== 'approve') },
);
const round = (nonce: string, approve: string, reject: string) => ({ nonce, statements: { approve, reject } });
const input: fc.Arbitrary<CountInput> = fc.record({
  now: fc.integer({ min: -3, max: 3 }).map((seconds) => NOW + seconds * 1000),
  round: fc
    .oneof(moment, fc.constant('2026-11-28T10:00:00Z'))
    .map((notAfter) => ({ notAfter, ...round('b', texts.approve, texts.reject) })),
  earlierRounds: fc.constant([round('a', texts['earlier approve'], texts['earlier reject'])]),
  keyring,
  policy,
  requestedBy: fc.constantFrom('', 'alice', 'oidc:a', 'OIDC:B', ...Array.from({ length: 4 }, () => 'oidc:agent')),
  authors: fc.option(fc.subarray(['A@example.com', 'b@example.com', 'carol']), { freq: 4, nil: undefined }),
  annotations: fc
    .array(armor, { maxLength: 5 })
    .map((armors) => Object.fromEntries(armors.map((text, index) => [`${VOTE_PREFIX}vote-${index}`, text]))),
  seen: fc.array(fc.record({ armor, firstSeen: moment }), { maxLength: 3 }),
});

function add(kinds: Map<string, number>, kind: string): void {
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
}

test('each vote counts or not as the model says, and so does the round end', (t) => {
  const verdicts = new Map<string, number>();
  const reasons = new Map<string, number>();
  fc.assert(
    fc.property(input, (given) => {
      const result = countVotes(given);
      const expected = expectedOf(given, known);
      const carried = new Set(Object.values(given.annotations ?? {}));
      t.is(result.verdict, expected.verdict);
      t.deepEqual(
        result.quorum.map(({ principals }) => principals.toSorted()),
        expected.quorum.map((names) => names.toSorted()),
      );
      for (const vote of result.votes) {
        t.like(vote, { reason: expected.votes.get(vote.armor)?.reason });
        t.is(vote.principal, expected.votes.get(vote.armor)?.principal);
        add(reasons, vote.reason);
      }
      // All that is carried is told, each once.
      const told = result.votes.map((vote) => vote.armor);
      t.is(new Set(told).size, told.length);
      for (const text of carried) t.true(told.includes(text));
      add(verdicts, result.verdict);
    }),
    { numRuns: 1000 },
  );
  t.log(Object.fromEntries(verdicts), Object.fromEntries(reasons));
  t.is(verdicts.size, 4);
  t.is(reasons.size, 17, 'each reason that the model has is met');
});

test('what is missing is told exactly while votes are waited for, and status settles', (t) => {
  fc.assert(
    fc.property(input, (given) => {
      const result = countVotes(given);
      t.is(result.missing.length > 0, result.verdict === 'Waiting' || result.verdict === 'Expired');
      t.deepEqual(countVotes({ ...given, seen: result.votes }), result);
    }),
    { numRuns: 400 },
  );
});

test('no annotation takes back what was seen, and no key that is taken away gives a vote', (t) => {
  fc.assert(
    fc.property(input, (given) => {
      const before = countVotes(given);
      const { verdict } = countVotes({ ...given, annotations: {}, seen: before.votes });
      t.is(verdict, before.verdict);
      const revoked = (given.keyring.principals ?? []).map((each) => ({
        ...each,
        keys: each.keys?.map((own) => ({ ...own, revokedAt: new Date(given.now).toISOString() })),
      }));
      const after = countVotes({ ...given, keyring: { principals: revoked } });
      t.true(after.votes.every(({ valid }) => !valid));
      t.true(after.verdict === 'Waiting' || after.verdict === 'Expired');
    }),
    { numRuns: 400 },
  );
});
