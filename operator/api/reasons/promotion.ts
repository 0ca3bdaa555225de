/**
 * Reasons in the conditions of a Promotion, and in the records of how it ended. Each is explained in docs/reasons.md; one
 * that is not in this list does not compile.
 */
export const promotionReasons = [
  // Of a promotion that waits, or that somebody has to repair something for.
  'TooManyOpen',
  'LockChanged',
  'ClockSkew',
  'TargetMissing',
  'TargetNotReady',
  'EnforcementInactive',
  'PolicyMissing',
  'KeyringMissing',
  'RequesterUnknown',
  'EnvironmentNotAdmitted',
  'Held',
  'WindowClosed',
  'OverrideRefused',
  'EmergencyRefused',
  'AnotherRollout',
  'GatePending',
  'GateFailed',
  'Tampered',
  'TargetSettling',
  'WorkloadNotMapped',
  'NoImages',
  'ImageNotByDigest',
  'ImageNotInEnvironment',
  'ImagesDisagree',
  'ManifestInvalid',
  'ObjectNotListed',
  'NoSuchWorkload',
  'NoSuchContainer',
  'PlanRefused',
  'WorkloadPaused',
  'WorkloadNotObserved',
  'NotExercised',
  'ConfigurationMissing',
  'ConfigurationInPlace',
  'LockTooLarge',
  'RecordTooLarge',
  'NotReadable',
  'NotDecidable',
  // Of a statement that cannot be put before a person.
  'Incomplete',
  'BadDigest',
  'BadRound',
  'Duplicate',
  'UnexplainedChange',
  'TooManyChanges',
  'TooLarge',
  // Of content without a digest.
  'LoneSurrogate',
  'UnsafeNumber',
  'NotJSON',
  'TooDeep',
  // Of one that goes on.
  'Freezing',
  'JobRunning',
  'OpeningRound',
  'AwaitingApproval',
  'QuorumReached',
  'Opening',
  'Applying',
  'AwaitingApply',
  'Verifying',
  'Settling',
  'Removing',
  // Of one that is over.
  'Verified',
  'Rejected',
  'Expired',
  'Newer',
  'AlreadyCurrent',
  'NotApplied',
  'ProgressDeadlineExceeded',
  'CrashLooping',
  'JobFailed',
  'WorkloadMissing',
  'Undone',
  'TakenBack',
  'TargetReplaced',
  'PromotionDeleted',
  'OfAnotherVersion',
  // Of GatesPassed.
  'GatesPassed',
] as const;

export type PromotionReason = (typeof promotionReasons)[number];

/** A recorded reason as one of this version's: records outlive the versions that wrote them, and their message says why. */
export function recordedReason(reason: string): PromotionReason {
  return promotionReasons.find((known) => known === reason) ?? 'OfAnotherVersion';
}
