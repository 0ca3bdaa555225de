import { isDeepStrictEqual } from 'node:util';
import { workloadLockName } from '../../api/index.ts';
import { printable, rfc3339 } from '../../canonical/index.ts';
import {
  lockFaults,
  objectFault,
  restoredLock,
  sameLock,
  withRestoredObjects,
  type Approved,
  type ApprovedObject,
  type LockSpec,
} from '../../lock/index.ts';
import { resultOf, type RecordEntry, type RecordSpec } from '../../records/index.ts';
import { unadopted } from './adopt.ts';
import { chainFault, listOf, lockOf, onlyWarns, sameWorkload, shown, stall, type TargetStep } from './common.ts';
import { unadoptedObjects } from './objects.ts';
import { digestIfAny } from './pods.ts';
import type { TargetVerdict } from './verdict.ts';
import type { TargetWorld } from './world.ts';

/**
 * A lock that says something else than the records: it was changed on its way in, or behind the API server. It is recorded,
 * and what the records say is written back.
 */
export const lockChanged: TargetStep = (world) => {
  // A chain that does not hold proves nothing against a lock.
  if (chainFault(world) !== undefined) return undefined;
  const lock = lockOf(world);
  const chainOf = chains(world);
  const faults = lockFaults(
    lock.approved.filter((entry) => answersFor(world, entry)),
    chainOf,
  );
  const wrong = objectFaults(world, lock, chainOf);
  if (faults.length + wrong.length === 0) return undefined;
  const live = [...world.workloads, ...world.givenUp];
  const workloads = restoredLock(lock, faults, chainOf, (entry) => {
    const spec = live.find((workload) => sameWorkload(workload, entry))?.live?.spec;
    return spec === undefined ? undefined : { ...spec };
  });
  const right = withRestoredObjects(
    workloads,
    wrong.map(({ entry }) => entry),
    chainOf,
  );
  const what = listOf(
    [...faults, ...wrong].map(({ entry, what: fault }) => `${shown(entry)} ${entry.role}: ${printable(fault, 300)}`),
    '; ',
  );
  const verdict = changed(what);
  const entry = onlyWarns(world) ? undefined : freshRecord(world, lock, what);
  return {
    ...verdict,
    action: entry === undefined ? { do: 'WriteLock', lock: right, because: what } : { do: 'Append', entry },
  };
};

/** Milliseconds until the lock is written again after the API server stored another one than it was sent. */
const WRITE_AGAIN = 30_000;

/** The API server stored something else than what was sent: what to say, and what to record, once. */
export function answeredOtherwise(
  world: TargetWorld,
  sent: LockSpec,
  stored: LockSpec,
): { readonly verdict: TargetVerdict; readonly entry: RecordEntry | undefined } {
  const different = stored.approved.filter(
    (entry) => !sent.approved.some((each) => sameLock({ ...sent, approved: [each] }, { ...sent, approved: [entry] })),
  );
  const lost = sent.approved.filter(
    (entry) => !stored.approved.some((each) => sameWorkload(each, entry) && each.role === entry.role),
  );
  const [storedObjects, sentObjects] = [stored.objects ?? [], sent.objects ?? []];
  const objects = [
    ...storedObjects.filter((entry) => !sentObjects.some((each) => isDeepStrictEqual(each, entry))),
    ...sentObjects.filter(
      (entry) => !storedObjects.some((each) => sameWorkload(each, entry) && each.role === entry.role),
    ),
  ];
  const parts = [
    ...objects.map((entry) => `${shown(entry)} ${entry.role} was changed, added or taken out`),
    ...different.map((entry) => `${shown(entry)} ${entry.role} was changed or added`),
    ...lost.map((entry) => `${shown(entry)} ${entry.role} was taken out`),
  ];
  const what = parts.length === 0 ? 'its settings were changed' : listOf(parts, '; ');
  return { verdict: { ...changed(what), requeueAfter: WRITE_AGAIN }, entry: freshRecord(world, stored, what) };
}

function changed(what: string): TargetVerdict {
  return {
    ...stall(
      'LockChanged',
      `the lock does not hold what was written (${what}): something changes locks on their way in: a MutatingAdmissionPolicy or webhook that matches workloadlocks.twinlock.dev; remove it`,
    ),
    tampered: `WorkloadLock/${workloadLockName}`,
  };
}

/** Entries of this target's objects that are not what was decided. */
function objectFaults(
  world: TargetWorld,
  { objects = [] }: LockSpec,
  chainOf: (target: string) => readonly RecordSpec[],
): readonly { readonly entry: ApprovedObject; readonly what: string }[] {
  const adopting = unadoptedObjects(world);
  return objects.flatMap((entry) => {
    if (entry.target !== world.target.metadata.name || adopting.some((each) => sameWorkload(each, entry))) return [];
    const what = objectFault(entry, chainOf(entry.target));
    return what === undefined ? [] : [{ entry, what }];
  });
}

/** Its own, and those of targets that are gone; each other target looks after its own. What is being adopted has no record yet. */
function answersFor({ target, others, records, workloads }: TargetWorld, entry: Approved): boolean {
  if (entry.target === target.metadata.name)
    return !unadopted({ target, records }, workloads).some((workload) => sameWorkload(workload, entry));
  return !others.some(({ metadata }) => metadata.name === entry.target);
}

function chains({ target, records, orphanedChains }: TargetWorld): (name: string) => readonly RecordSpec[] {
  return (name) => (name === target.metadata.name ? records : (orphanedChains.get(name) ?? []));
}

/** Undefined where it is recorded already. */
function freshRecord({ records, now }: TargetWorld, lock: LockSpec, what: string): RecordEntry | undefined {
  const to = digestIfAny(lock);
  const message = printable(what, 900);
  // Of one decision: the same change to a later lock is another event.
  const since = records.findLastIndex((record) => record.type === 'Adopted' || resultOf(record) === 'Approved');
  const known = records.slice(since + 1).flatMap(({ tampered = [] }) => tampered);
  if (
    known.some(
      (each) => each.kind === 'WorkloadLock' && (each.message === message || (to !== undefined && each.to === to)),
    )
  )
    return undefined;
  return {
    type: 'Tampered',
    time: rfc3339(now),
    tampered: [{ kind: 'WorkloadLock', name: workloadLockName, ...(to === undefined ? {} : { to }), message }],
  };
}
