/** Why an armor is no valid signature of a key over a statement. */
const signatureReasons = [
  'TooLarge',
  'BadArmor',
  'BadEncoding',
  'UnsupportedVersion',
  'WrongNamespace',
  'UnsupportedHash',
  'UnsupportedKeyType',
  'UnsupportedAlgorithm',
  'WeakKey',
  'NotEnrolled',
  'WrongStatement',
  'TouchMissing',
  'UserVerificationMissing',
] as const;

export type SignatureReason = (typeof signatureReasons)[number];

/**
 * Why a vote counts, or does not; docs/reasons.md explains each. `Counted`, `Duplicate` and `NoWeight` are valid votes.
 */
export const voteReasons = [
  ...signatureReasons,
  'Counted',
  'NotCounted',
  'Duplicate',
  'NoWeight',
  'StaleRound',
  'AmbiguousKey',
  'KeyNotYetValid',
  'KeyExpired',
  'KeyRevoked',
  'Requester',
  'RequesterUnknown',
  'Author',
  'AuthorsUnknown',
] as const;

export type VoteReason = (typeof voteReasons)[number];
