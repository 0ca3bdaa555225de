/**
 * Votes. In: the two texts of a round, the keyring, the policy, what a Promotion carries and what its status holds, and
 * the time; all plain data, all of it hostile but the texts. Out: the verdict, each vote with why it counts or does not,
 * and what is missing. No Kubernetes and no I/O, so that the operator, a command line and an auditor run the same bytes.
 *
 * `terms` holds the names and bounds, `statement` what is signed, `sshsig` signatures and keys, `keyring` whose keys they
 * are and when they hold, `count` whether they are enough.
 */
export { trustCommands, voteCommands } from './commands.ts';
export { ballotsOf, type Ballot } from './count/ballots.ts';
export { countVotes } from './count/count.ts';
export { keyringDigest, policyDigest } from './count/digests.ts';
export type * from './count/types.ts';
export { clockTrusted, MAX_SKEW_SECONDS } from './guards.ts';
export { allowedSigners } from './keyring/allowed-signers.ts';
export { reviewKeyring, type KeyringReview } from './keyring/review.ts';
export type * from './keyring/types.ts';
export { parsePublicKey, type PublicKey } from './sshsig/keys.ts';
export { signsText } from './sshsig/text.ts';
export * from './terms/names.ts';
export { voteReasons, type VoteReason } from './terms/reasons.ts';
