import type { ProductionTarget } from '../../api/index.ts';
import {
  contentsOf,
  decisionsOn,
  lockOverflow,
  matchLive,
  matchObject,
  objectsOf,
  sameLock,
  type WorkloadKey,
} from '../../lock/index.ts';
import { nameOf, openApproval } from '../../records/index.ts';
import { adoptedEntry, adoptingLock, hasAdopted, tookOver, unadopted } from './adopt.ts';
import {
  canonicalFault,
  isProtected,
  listOf,
  lockOf,
  objectNotCanonical,
  onlyWarns,
  sameWorkload,
  shown,
  stall,
  wantedProtection,
  type TargetStep,
} from './common.ts';
import { unadoptedObjects } from './objects.ts';
import type { TargetVerdict } from './verdict.ts';
import type { Named, TargetWorld } from './world.ts';

/** One workload, one target: who has it keeps it, else the first by creation gets it. */
export const taken: TargetStep = (world) => {
  const { target, others } = world;
  for (const workload of target.spec.workloads) {
    const holder = lockOf(world).approved.find((entry) => sameWorkload(entry, workload))?.target;
    if (holder === target.metadata.name) continue;
    const other = others.find(
      (candidate) =>
        candidate.spec.workloads.some((each) => sameWorkload(each, workload)) &&
        (candidate.metadata.name === holder || isOlder(candidate, target)),
    );
    if (other !== undefined)
      return stall(
        'WorkloadTaken',
        `${shown(workload)} belongs to ProductionTarget ${other.metadata.name} already: name it in one target only`,
      );
  }
  for (const object of target.spec.objects ?? []) {
    const holder = (lockOf(world).objects ?? []).find((entry) => sameWorkload(entry, object))?.target;
    if (holder === target.metadata.name) continue;
    const other = others.find(
      (candidate) =>
        candidate.spec.objects?.some((each) => sameWorkload(each, object)) === true &&
        (candidate.metadata.name === holder || isOlder(candidate, target)),
    );
    if (other !== undefined)
      return stall(
        'WorkloadTaken',
        `${shown(object)} belongs to ProductionTarget ${other.metadata.name} already: list it in one target only`,
      );
  }
  return undefined;
};

/** Names the first workload that was approved and does not exist. */
export const missing: TargetStep = (world) => {
  for (const workload of world.workloads) {
    const { current } = contentsOf(lockOf(world), workload);
    if (workload.live !== undefined || isAwaited(world, workload)) continue;
    if (current === undefined)
      return stall(
        'WorkloadMissing',
        `${shown(workload)} was deleted, and the lock has nothing of it: a promotion with its manifest creates it`,
      );
    const open = openApproval(world.records);
    return open !== undefined && nameOf(open) === current.record
      ? {
          ready: false,
          reason: 'WorkloadMissing',
          message: `promotion ${open.promotion?.name ?? ''} creates ${shown(workload)}`,
        }
      : stall(
          'WorkloadMissing',
          `${shown(workload)} was deleted: create it again with exactly its approved content (record ${current.record})`,
        );
  }
  return undefined;
};

/** Workloads that the first promotion of each creates: they do not exist, and nothing is approved to. */
export function awaited(world: TargetWorld): readonly Named[] {
  return world.workloads.filter((workload) => workload.live === undefined && isAwaited(world, workload));
}

/** Nothing was ever decided about it, its creation was taken back, or people signed it away. */
function isAwaited(world: TargetWorld, workload: WorkloadKey): boolean {
  if (contentsOf(lockOf(world), workload).current !== undefined) return false;
  const [newest] = decisionsOn(world.records, workload);
  if (newest === undefined) return true;
  const existed = newest.takenBack ? 'Replaced' : 'Desired';
  return !newest.contents.some(({ as }) => as === existed || as === 'Adopted');
}

/** What is to be taken over needs a digest that says exactly what it is. */
export const notCanonical: TargetStep = (world) =>
  unadopted(world, world.workloads)
    .map(canonicalFault)
    .find((fault) => fault !== undefined) ??
  unadoptedObjects(world)
    .map(objectNotCanonical)
    .find((fault) => fault !== undefined);

/**
 * Where trust is sealed nobody gets content approved by making a target or a label again: what the lock has of it goes on to
 * count, and what it has nothing of was to be there when people signed this version.
 */
export const takenOnce: TargetStep = (world) => {
  if (world.accepted === undefined || onlyWarns(world)) return undefined;
  const lock = lockOf(world);
  const over = tookOver(world);
  const isKnown = ({ current, fallback }: { readonly current?: unknown; readonly fallback?: unknown }): boolean =>
    over || current !== undefined || fallback !== undefined;
  const found = [
    ...unadopted(world, world.workloads).filter(({ live, ...key }) => {
      const contents = contentsOf(lock, key);
      return live?.spec !== undefined && isKnown(contents) && matchLive(contents, { ...live.spec }) === 'None';
    }),
    ...unadoptedObjects(world).filter(({ live, ...key }) => {
      const contents = objectsOf(lock, key);
      return live !== undefined && isKnown(contents) && matchObject(contents, live) === 'None';
    }),
  ].map(shown);
  if (found.length === 0) return undefined;
  const names = listOf(found);
  const message = `${names} has content that nobody approved, and what people signed of this target took over what ran then: put approved content back`;
  return { ...stall('Tampered', message), tampered: names };
};

/** Lock first, then the label, then the canary, then the live specs once more; only then is it recorded. */
export const adoption: TargetStep = (world) => {
  const adopting = unadopted(world, world.workloads);
  const objects = unadoptedObjects(world);
  const isSigned = world.accepted === undefined || tookOver(world);
  if (adopting.length + objects.length === 0 && hasAdopted(world) && isSigned) return undefined;
  const wanted = adoptingLock(world, adopting, objects);
  const overflow = lockOverflow(wanted);
  if (overflow !== undefined)
    return stall('LockTooLarge', `${overflow}: nothing was changed, move workloads to a namespace of their own`);
  const going: TargetVerdict = { ready: false, reason: 'Adopting', message: 'live content is being taken over' };
  if (world.lock === undefined || !sameLock(world.lock.spec, wanted))
    return { ...going, action: { do: 'WriteLock', lock: wanted, because: 'live content is taken over' } };
  if (!isProtected(world)) return { ...going, action: { do: 'Protect', as: wantedProtection(world) } };
  if (!world.bound) return { ...going, action: { do: 'Bind' } };
  if (!world.enforcement.active && !onlyWarns(world))
    return {
      ...going,
      reason: 'EnforcementInactive',
      message: `the API server does not enforce the lock yet: ${world.enforcement.message}`,
      // A label and a lock take a moment to reach admission.
      requeueAfter: world.enforcement.drifted === true ? undefined : 250,
    };
  return {
    ...going,
    action: { do: 'Append', entry: adoptedEntry(world.now, adopting, { objects, acceptedBy: world.accepted }) },
  };
};

const age = ({ metadata }: ProductionTarget): string => `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`;

function isOlder(a: ProductionTarget, b: ProductionTarget): boolean {
  return age(a) < age(b);
}
