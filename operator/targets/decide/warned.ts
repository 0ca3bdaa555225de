import { protections } from '../../api/index.ts';
import { contentsOf, entryOf, matchLive, recall, withOnly } from '../../lock/index.ts';
import { adoptedEntry, settings, unadopted } from './adopt.ts';
import {
  canonicalFault,
  foundProtection,
  listOf,
  lockOf,
  onlyWarns,
  sameWorkload,
  shown,
  type TargetStep,
} from './common.ts';
import { unapprovedPods } from './pods.ts';
import type { TargetVerdict } from './verdict.ts';

/**
 * While nothing is refused, what is live is taken over again whenever it changes, so that the lock follows and enforcing
 * it works at once. The record comes first: a lock never says what no record says.
 */
export const followsLive: TargetStep = (world) => {
  if (foundProtection(world) !== protections.warn) return undefined;
  const lock = lockOf(world);
  const fresh = unadopted(world, world.workloads);
  const moved = world.workloads.filter(
    (workload) =>
      workload.live?.spec !== undefined &&
      !fresh.some((each) => sameWorkload(each, workload)) &&
      matchLive(contentsOf(lock, workload), { ...workload.live.spec }) === 'None',
  );
  const [odd] = moved.flatMap((workload) => canonicalFault(workload) ?? []);
  if (odd !== undefined) return odd;
  if (moved.length === 0) return undefined;
  const going: TargetVerdict = { ready: false, reason: 'Adopting', message: 'live content is taken over again' };
  const recorded = moved.map((workload) => ({
    ...workload,
    recalled: recall(world.records, workload, { ...workload.live?.spec }, world.target.spec.mutations),
  }));
  const unrecorded = recorded.filter(({ recalled }) => recalled === undefined);
  if (unrecorded.length > 0) {
    // The mode is Enforce already: what changed after the last look is not taken over any more.
    if (!onlyWarns(world)) return undefined;
    const message = `taken over again as found, while mode is Warn: ${listOf(unrecorded.map(shown))}`;
    return { ...going, action: { do: 'Append', entry: adoptedEntry(world.now, unrecorded, { message }) } };
  }
  let next = lock;
  for (const { kind, name, recalled } of recorded)
    if (recalled !== undefined)
      next = withOnly(next, entryOf(world.target, { kind, name }, recalled.spec, recalled.record));
  return { ...going, action: { do: 'WriteLock', lock: settings(next, world), because: 'live content changed' } };
};

/** By choice: nothing is in progress, nothing has to be repaired. */
export const notEnforced: TargetStep = (world) => {
  if (!onlyWarns(world)) return undefined;
  const pods = unapprovedPods(world).map(({ pod, what }) => `${pod.metadata.name} (${what})`);
  const differ = pods.length === 0 ? '' : `; pods that would be refused: ${listOf(pods)}`;
  return {
    ready: false,
    resting: true,
    reason: 'NotEnforced',
    message: `mode is Warn: nothing is refused, everything is told to who does it and to the audit log${differ}; when status.warnings names nothing that stands in the way, set spec.mode: Enforce`,
  };
};
