/**
 * Votes. In go the statements of a round (made by `statement/`), the annotations of a Promotion, a keyring, a policy and the
 * time; out comes a verdict, with a reason for every vote. `sshsig/` reads and verifies hostile bytes, `keyring/` knows who
 * may vote, `count/` is the one door: {@link countVotes}. Pure, and without Kubernetes: an auditor's tool counts the same.
 */
export { allowedSigners } from './keyring/allowed-signers.ts';
export { ballotsOf, type Ballot } from './count/ballots.ts';
export { annotationName, CommandError, voteCommands, type VoteCommandsInput } from './commands.ts';
export { countVotes } from './count/count.ts';
export { keyringDigest, policyDigest } from './keyring/digests.ts';
export {
  clockTrusted,
  MAX_SKEW_SECONDS,
  roundOpen,
  secondsOfSkew,
  stopReason,
  type CountGuard,
  type Stop,
} from './guards.ts';
export { fingerprintOf, parsePublicKey, type KeyType, type ParsedKey, type PublicKey } from './sshsig/keys.ts';
export { reviewKeyring, type KeyringReview } from './keyring/review.ts';
export { parseKeyring, type Enrolment, type ParsedKeyring, type UnusableKey } from './keyring/keyring.ts';
export { voteReasons, type VoteReason } from './reasons.ts';
export {
  DECISIONS,
  MAX_ARMOR_CHARACTERS,
  MAX_STATEMENT_BYTES,
  MAX_VOTES,
  VOTE_NAMESPACE,
  VOTE_PREFIX,
  type Decision,
} from './names.ts';
export type * from './types.ts';
