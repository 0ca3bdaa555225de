import { configurationInPlace, configurationUnsettled } from './configuration.ts';
import {
  alreadyCurrent,
  anotherRollsOut,
  gateNotPassed,
  jobRefused,
  lockTooLarge,
  manifestRefused,
  nothingToPromote,
  planRefused,
  productionDiffers,
  removalRefused,
  revisionUnknown,
} from './content.ts';
import { imageNotExercised, notExercised } from './exercised.ts';
import { promotionsHeld } from './holds.ts';
import { lockChanged } from './lock.ts';
import { objectDiffers } from './object-steps.ts';
import { emergencyRefused, overrideRefused } from './overrides.ts';
import {
  clockSkewed,
  environmentNotAdmitted,
  expired,
  keyringMissing,
  notEnforced,
  policyMissing,
  requesterUnknown,
  targetMissing,
  targetNotReady,
} from './readiness.ts';
import { targetReplaced } from './replaced.ts';
import type { DecisionStep } from './steps.ts';
import { superseded } from './superseding.ts';

/** Past its time an approval ends, whatever it waited for. */
const lockDiffers: DecisionStep = (world, { notAfter }) => (world.now > notAfter ? undefined : lockChanged(world));

/**
 * What is asked about a promotion whose lock is not open yet, before its votes are counted: chain after chain, step after
 * step, in this order.
 */
export const chains = {
  /** What was approved stands as it was approved. */
  approval: [lockDiffers, targetReplaced, expired],
  /** Production, policy and people are there. */
  readiness: [
    clockSkewed,
    targetMissing,
    targetNotReady,
    notEnforced,
    policyMissing,
    keyringMissing,
    requesterUnknown,
    environmentNotAdmitted,
    promotionsHeld,
  ],
  /** What it asks for makes sense, nobody comes before it, and its gates passed. */
  turn: [
    manifestRefused,
    removalRefused,
    emergencyRefused,
    overrideRefused,
    superseded,
    anotherRollsOut,
    gateNotPassed,
  ],
  /** What production would become is known, starts from what is approved, and fits. */
  plan: [
    productionDiffers,
    objectDiffers,
    nothingToPromote,
    planRefused,
    revisionUnknown,
    alreadyCurrent,
    imageNotExercised,
    notExercised,
    lockTooLarge,
    jobRefused,
  ],
  /** What the pods will read is there, and is held still. */
  configuration: [configurationInPlace, configurationUnsettled],
} as const satisfies Readonly<Record<string, readonly DecisionStep[]>>;
