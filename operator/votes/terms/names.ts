/** Names and bounds of votes, each written here alone: the schemas of the API and the policies are made of them. */

/** Annotations that carry votes; what follows is a label for people. */
export const VOTE_PREFIX = 'vote.twinlock.dev/';
/** What ssh-keygen is told with -n; keeps a signature made for anything else (git, file) from being a vote. */
export const VOTE_NAMESPACE = 'vote.v1@twinlock.dev';
/** The same for witnesses, who sign how far a chain of records has come. */
export const CHECKPOINT_NAMESPACE = 'checkpoint.v1@twinlock.dev';
/** In-toto predicate type of votes (in-toto Statement v1, `predicateType`). */
export const PREDICATE_TYPE = 'https://twinlock.dev/attestations/promotion-vote/v1';
/** The same of signatures on a change of who and what decides: keyrings, policies, targets. */
export const TRUST_PREDICATE_TYPE = 'https://twinlock.dev/attestations/trust-change/v1';

/** What a vote says; each has a statement of its own, so that one signature can never mean the other. */
export const DECISIONS = ['approve', 'reject'] as const;
export type Decision = (typeof DECISIONS)[number];

/** Types of keys that votes may be signed with. */
export const KEY_TYPES = [
  'ssh-ed25519',
  'sk-ssh-ed25519@openssh.com',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'ssh-rsa',
] as const;
export type KeyType = (typeof KEY_TYPES)[number];
/** Bits of the smallest RSA key. */
export const MIN_RSA_BITS = 3072;
/** Characters of the line of a public key: one of RSA-16384, the largest that OpenSSL verifies with, has 2800. */
export const MAX_KEY_CHARACTERS = 4096;

/** Characters of an armored signature. Above RSA-16384 nothing is larger. */
export const MAX_ARMOR_CHARACTERS = 6144;
/** Bytes of a statement: room for the whole change in words, and for both statements and all votes in one object. */
export const MAX_STATEMENT_BYTES = 131_072;
/** Votes that one Promotion keeps. */
export const MAX_VOTES = 64;
