import { chainFaults } from '../../records/index.ts';
import { adoption, missing, missingAtFirst, strangers, taken } from './adoption.ts';
import { stall, type TargetStep } from './common.ts';
import { lockThere, orphans, protection, tampered, undone, upkeep } from './keeping.ts';
import type { TargetVerdict } from './verdict.ts';
import type { TargetWorld } from './world.ts';

const CHAIN: readonly TargetStep[] = [
  taken,
  missingAtFirst,
  strangers,
  adoption,
  lockThere,
  protection,
  orphans,
  undone,
  tampered,
  missing,
  upkeep,
];

/** What a target is and what is done next: a pure function of the world. The first step that answers decides. */
export function decideTarget(world: TargetWorld): TargetVerdict {
  for (const step of CHAIN) {
    const verdict = step(world);
    if (verdict !== undefined) return verdict;
  }
  const [fault] = chainFaults(world.records);
  if (fault !== undefined) return stall('RecordsBroken', `the chain of records does not hold: ${fault.message}`);
  if (!world.enforcement.active)
    return stall('EnforcementInactive', `the API server does not enforce the lock: ${world.enforcement.message}`);
  return {
    ready: true,
    reason: 'Protected',
    message: 'production runs approved content, and the API server enforces it',
  };
}
