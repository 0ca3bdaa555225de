import { adoption, awaited, missing, notCanonical, taken, takenOnce } from './adoption.ts';
import { lockChanged } from './changed.ts';
import { chainFault, listOf, shown, stall, type TargetStep } from './common.ts';
import { health } from './health.ts';
import { obstacles } from './inventory.ts';
import { abandoned, lockThere, orphans, protection, readable, tampered, undone, upkeep } from './keeping.ts';
import { objectsFollowLive, tamperedObject, undoneObject, unreadObjects } from './objects.ts';
import { endingPods, tamperedPods } from './pods.ts';
import { unsigned } from './unsigned.ts';
import type { TargetVerdict } from './verdict.ts';
import { followsLive, notEnforced } from './warned.ts';
import type { World } from './world.ts';

const records: TargetStep = (world) => {
  const fault = chainFault(world);
  return fault === undefined ? undefined : stall('RecordsBroken', `the chain of records does not hold: ${fault}`);
};

const enforcement: TargetStep = (world) =>
  world.enforcement.active
    ? undefined
    : stall('EnforcementInactive', `the API server does not enforce the lock: ${world.enforcement.message}`);

/**
 * In this order. What is written comes before what is only said; settings of a target reach the lock before its pods are
 * judged by it.
 */
const CHAIN: readonly TargetStep[] = [
  unreadObjects,
  taken,
  notCanonical,
  takenOnce,
  obstacles,
  followsLive,
  objectsFollowLive,
  lockChanged,
  adoption,
  lockThere,
  protection,
  readable,
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
export function decideTarget(world: World): TargetVerdict {
  if (world.stage === 'Unsigned') return unsigned(world);
  for (const step of CHAIN) {
    const verdict = step(world);
    if (verdict !== undefined) return verdict;
  }
  const waiting = awaited(world).map(shown);
  const created =
    waiting.length === 0
      ? ''
      : `; ${listOf(waiting)} ${waiting.length === 1 ? 'does' : 'do'} not exist: a promotion with its manifest creates it`;
  return {
    ready: true,
    reason: 'Protected',
    message: `production runs approved content, and the API server enforces it${created}`,
  };
}
