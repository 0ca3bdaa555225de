import { adoption, missing, missingAtFirst, notCanonical, taken } from './adoption.ts';
import { lockChanged } from './changed.ts';
import { chainFault, stall, type TargetStep } from './common.ts';
import { health } from './health.ts';
import { obstacles } from './inventory.ts';
import { abandoned, lockThere, orphans, protection, tampered, undone, upkeep } from './keeping.ts';
import { objectsFollowLive, tamperedObject, undoneObject } from './objects.ts';
import { endingPods, tamperedPods } from './pods.ts';
import type { TargetVerdict } from './verdict.ts';
import { followsLive, notEnforced } from './warned.ts';
import type { TargetWorld } from './world.ts';

const records: TargetStep = (world) => {
  const fault = chainFault(world);
  return fault === undefined ? undefined : stall('RecordsBroken', `the chain of records does not hold: ${fault}`);
};

const enforcement: TargetStep = (world) =>
  world.enforcement.active
    ? undefined
    : stall('EnforcementInactive', `the API server does not enforce the lock: ${world.enforcement.message}`);

/**
 * In this order. What is written comes before what is only said, with two exceptions: nothing is written while it is not
 * known what to take over, and settings of a target reach the lock before its pods are judged by it.
 */
const CHAIN: readonly TargetStep[] = [
  taken,
  missingAtFirst,
  notCanonical,
  obstacles,
  followsLive,
  objectsFollowLive,
  lockChanged,
  adoption,
  lockThere,
  protection,
  orphans,
  abandoned,
  undone,
  undoneObject,
  upkeep,
  tampered,
  tamperedObject,
  tamperedPods,
  missing,
  records,
  notEnforced,
  enforcement,
  endingPods,
  health,
];

/** What a target is and what is done next: a pure function of the world. The first step that answers decides. */
export function decideTarget(world: TargetWorld): TargetVerdict {
  for (const step of CHAIN) {
    const verdict = step(world);
    if (verdict !== undefined) return verdict;
  }
  return {
    ready: true,
    reason: 'Protected',
    message: 'production runs approved content, and the API server enforces it',
  };
}
