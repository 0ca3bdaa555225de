import { trustReasons } from './trust.ts';

/**
 * Reasons in the conditions of a ProductionTarget. Each is explained in docs/reasons.md; one that is not in this list does not
 * compile.
 */
export const targetReasons = [
  // Of Ready, Reconciling and Stalled.
  'Protected',
  'Adopting',
  'WorkloadMissing',
  'WorkloadTaken',
  'UnnamedWorkloads',
  'ForeignPods',
  'ImageNotByDigest',
  'WorkloadPaused',
  'FinalizerFound',
  'ContentNotCanonical',
  'ObjectUnreadable',
  'PodsMutated',
  'PodsRefused',
  'WebhookWithoutDryRun',
  'PodsUnknown',
  'PodsEnding',
  'NoPods',
  'PodsNotReady',
  'NotEnforced',
  'LockChanged',
  'LabelLost',
  'LockLost',
  'LockTooLarge',
  'RolledBack',
  'PromotionDeleted',
  'ChainBehind',
  'RecordsBroken',
  'EnforcementInactive',
  'NotWritten',
  'Tampered',
  // Of Enforced.
  'Refused',
  'NotRefused',
  'Warn',
  // Of Tampered.
  'Approved',
  // Of Accepted.
  ...trustReasons,
] as const;

export type TargetReason = (typeof targetReasons)[number];
