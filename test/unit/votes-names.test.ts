/** Names, bounds and forms are written once: the API takes what votes and canonical forms take, to the character. */
import test from 'ava';
import { annotations, approvalPolicySpec, approverKeyringSpec, promotionStatus } from '../../operator/api/index.ts';
import { patterns } from '../../operator/api/schema/patterns.ts';
import { DIGEST, digestOfBytes, isDigest, parseTime, RFC3339, rfc3339 } from '../../operator/canonical/index.ts';
import {
  DECISIONS,
  KEY_TYPES,
  MAX_ARMOR_CHARACTERS,
  MAX_KEY_CHARACTERS,
  MAX_STATEMENT_BYTES,
  MAX_VOTES,
  MIN_RSA_BITS,
  parsePublicKey,
  VOTE_PREFIX,
  type KeyringSpec,
  type VotePolicy,
} from '../../operator/votes/index.ts';
import { ecdsaKey, ed25519Key, rsaKey, securityKey } from '../vectors/ssh.ts';

test('what the API stores is what votes read, without a step between', (t) => {
  // Types first: a field that one of them reads otherwise would not compile.
  const keyring: KeyringSpec = approverKeyringSpec.parse({ principals: [{ name: 'alice', keys: [] }] });
  const policy: VotePolicy = approvalPolicySpec.parse({});
  t.is(keyring.principals?.[0]?.name, 'alice');
  t.like(policy, { quorum: [{ count: 1 }], separation: { requester: true } });
});

test('the prefix of votes, a digest and a time are the very same in the API', (t) => {
  t.is(annotations.votePrefix, VOTE_PREFIX);
  t.is(patterns.sha256, DIGEST);
  t.is(patterns.timestamp, RFC3339);
  t.true(isDigest(digestOfBytes('')) && DIGEST.test(digestOfBytes('')));
  t.is(rfc3339(parseTime('2026-11-21T10:00:00Z')), '2026-11-21T10:00:00Z');
});

const enrols = (publicKey: string): boolean =>
  approverKeyringSpec.safeParse({ principals: [{ name: 'alice', keys: [{ publicKey }] }] }).success;

test('a keyring takes the types of keys that votes read, and no other', (t) => {
  const made = [ed25519Key(), securityKey('ed25519'), ecdsaKey(), securityKey('ecdsa'), rsaKey(MIN_RSA_BITS)];
  for (const { line, type } of made) {
    t.true(enrols(line), type);
    t.true(parsePublicKey(line).ok, type);
    t.true(KEY_TYPES.some((each) => each === type));
  }
  for (const type of KEY_TYPES) t.is(enrols(`${type} ${'A'.repeat(544)}`), true, type);
  for (const type of ['ssh-dss', 'ssh-rsa-cert-v01@openssh.com', 'sk-ssh-ed25519@opensshxcom', 'ssh-ed25519x'])
    t.false(enrols(`${type} ${'A'.repeat(544)}`), type);
});

test('an RSA key that is too short is refused by the API and by votes alike, from one number', (t) => {
  const short = rsaKey(2048);
  t.false(enrols(short.line));
  t.like(parsePublicKey(short.line), { ok: false, reason: 'WeakKey' });
});

test('a line of a key is as long for the API as for votes', (t) => {
  const { line } = ed25519Key();
  const padded = (length: number): string => `${line} ${'x'.repeat(length - line.length - 1)}`;
  t.true(enrols(padded(MAX_KEY_CHARACTERS)));
  t.true(parsePublicKey(padded(MAX_KEY_CHARACTERS)).ok);
  t.false(enrols(padded(MAX_KEY_CHARACTERS + 1)));
  t.false(parsePublicKey(padded(MAX_KEY_CHARACTERS + 1)).ok);
});

const voted = (votes: readonly object[], approve = 'text'): boolean =>
  promotionStatus.safeParse({ phase: 'AwaitingApproval', approval: { votes, statements: { approve, reject: 'no' } } })
    .success;
const vote = { valid: true, reason: 'Counted', firstSeen: '2026-11-21T10:00:00Z', armor: 'a', decision: 'approve' };

test('status takes as many votes, as long ones and as long statements as are written, and no more', (t) => {
  t.true(voted(Array.from({ length: MAX_VOTES }, () => vote)));
  t.false(voted(Array.from({ length: MAX_VOTES + 1 }, () => vote)));
  t.true(voted([{ ...vote, armor: 'a'.repeat(MAX_ARMOR_CHARACTERS) }]));
  t.false(voted([{ ...vote, armor: 'a'.repeat(MAX_ARMOR_CHARACTERS + 1) }]));
  t.true(voted([], 'a'.repeat(MAX_STATEMENT_BYTES)));
  t.false(voted([], 'a'.repeat(MAX_STATEMENT_BYTES + 1)));
  for (const decision of DECISIONS) t.true(voted([{ ...vote, decision }]));
  t.false(voted([{ ...vote, decision: 'abstain' }]));
});
