/** Votes: SSH signatures over the statements of a round, who gave them, and whether they are enough. Pure. */
export { allowedSigners } from './allowed-signers.ts';
export { ballotsOf, type Ballot } from './ballots.ts';
export { annotationName, CommandError, voteCommands, type VoteCommandsInput } from './commands.ts';
export { countVotes } from './count.ts';
export { keyringDigest, policyDigest } from './digests.ts';
export { clockTrusted, MAX_SKEW_SECONDS } from './guards.ts';
export { fingerprintOf, parsePublicKey, type KeyType, type ParsedKey, type PublicKey } from './keys.ts';
export { reviewKeyring, type KeyringReview } from './keyring-review.ts';
export { parseKeyring, type Enrolment, type ParsedKeyring, type UnusableKey } from './keyring.ts';
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
