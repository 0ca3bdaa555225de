import { labels } from '../../api/index.ts';
import type { LockSpec } from '../../lock/index.ts';
import type { TargetVerdict } from './verdict.ts';
import type { TargetWorld } from './world.ts';

/** One question about a target; the first step that has an answer ends the decision. */
export type TargetStep = (world: TargetWorld) => TargetVerdict | undefined;

/** The lock as it is; without one nothing is approved. */
export function lockOf({ lock }: Pick<TargetWorld, 'lock'>): LockSpec {
  return lock?.spec ?? { liveAccess: 'Deny', approved: [] };
}

export function isProtected({ namespace }: TargetWorld): boolean {
  return namespace?.metadata.labels?.[labels.protected] === 'true';
}

export function stall(reason: string, message: string): TargetVerdict {
  return { ready: false, stalled: true, reason, message };
}
