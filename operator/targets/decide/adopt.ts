import { rfc3339 } from '../../canonical/index.ts';
import { recordName, type ProductionTarget } from '../../api/index.ts';
import { openApproval, sealRecords, type RecordEntry, type RecordSpec } from '../../records/index.ts';
import {
  contentsOf,
  decisionsOn,
  entryFault,
  entryOf,
  jobFault,
  matchLive,
  MAX_POD_WRITERS,
  mergedWriters,
  ordered,
  refrozen,
  withOnly,
  withoutClosed,
  withRoom,
  withSettings,
  type Approved,
  type LockSpec,
  type WorkloadKey,
} from '../../lock/index.ts';
import { approvedSpec, servedLike, specDigest } from '../../workloads/index.ts';
import { lockOf, sameWorkload } from './common.ts';
import { runningPodDifference } from './compare.ts';
import { adoptedObjects, withAdoptedObjects, withObjectsListed } from './objects.ts';
import { makerOf } from './owners.ts';
import type { LiveObject, LiveWorkload, TargetWorld } from './world.ts';

/** Whether this very target has taken over what it found, be it nothing. */
export function hasAdopted({ target, records }: Pick<TargetWorld, 'target' | 'records'>): boolean {
  return records.some((record) => isAdoption(record, target));
}

/**
 * Where trust is sealed, whoever signs a version of a target signs that it takes over what runs: once. Made again under its
 * name, it takes over nothing that is not approved already.
 */
export function tookOver({ accepted, records }: Pick<TargetWorld, 'accepted' | 'records'>): boolean {
  return (
    accepted !== undefined && records.some(({ type, acceptedBy }) => type === 'Adopted' && acceptedBy === accepted)
  );
}

/**
 * Workloads that exist and about which this very target has decided nothing: it has not taken them over, and no promotion
 * brought them.
 */
export function unadopted<T extends LiveWorkload>(
  of: Pick<TargetWorld, 'target' | 'records'>,
  workloads: readonly T[],
): readonly T[] {
  return undecided(
    of,
    workloads.filter(({ live }) => live !== undefined),
  );
}

/** The same, whether they exist or not. */
export function undecided<T extends WorkloadKey>(
  { target, records }: Pick<TargetWorld, 'target' | 'records'>,
  workloads: readonly T[],
): readonly T[] {
  const adopted = records.filter((record) => isAdoption(record, target));
  const own = records.filter(({ target: of }) => of.uid === target.metadata.uid);
  return workloads.filter(
    (workload) =>
      !adopted.some(({ currentSpecs = [] }) => currentSpecs.some((spec) => sameWorkload(spec, workload))) &&
      decisionsOn(own, workload).length === 0,
  );
}

function isAdoption({ type, target: of }: RecordSpec, { metadata }: ProductionTarget): boolean {
  return type === 'Adopted' && of.uid === metadata.uid;
}

/**
 * The lock as it must be before anything is protected: the live content of each of these workloads is its only approved
 * content, unsigned, and the rest stays. Content that this target's chain decided before keeps its record.
 *
 * @throws CanonicalError when a live spec has no canonical form
 */
export function adoptingLock(
  world: TargetWorld,
  adopting: readonly LiveWorkload[],
  objects: readonly LiveObject[] = [],
): LockSpec {
  const record = nextRecord(world, adopting, objects);
  let lock = lockOf(world);
  for (const { kind, name, live } of adopting) {
    if (live?.spec === undefined) continue;
    const contents = contentsOf(lock, { kind, name });
    const { current } = contents;
    const isKept =
      current?.target === world.target.metadata.name &&
      matchLive(contents, { ...live.spec }) === 'Current' &&
      decidedBefore(world, current);
    lock = withOnly(lock, isKept ? current : entryOf(world.target, { kind, name }, { ...live.spec }, record));
  }
  return settings(withAdoptedObjects(lock, world, objects, record), world);
}

function decidedBefore({ records }: TargetWorld, entry: Approved): boolean {
  return decisionsOn(records, entry).length > 0 && entryFault(entry, records) === undefined;
}

/**
 * Settings of the targets in the lock. Entries of workloads that a target gave up stay as long as the workload is there:
 * its pods come back as approved, and its content stays frozen until somebody deletes it, and the last pod is gone. What
 * a creation that failed has left goes.
 */
export function settings(lock: LockSpec, world: TargetWorld): LockSpec {
  const { target, others, givenUp } = world;
  const targets = [target, ...others];
  const isOver = openApproval(world.records) === undefined;
  const approved = lock.approved.flatMap((entry): readonly Approved[] => {
    const owner = targets.find(({ metadata }) => metadata.name === entry.target);
    if (owner?.spec.workloads.some((workload) => sameWorkload(workload, entry))) {
      if (owner !== target) return [entry];
      return isTakenAway(world, entry)
        ? []
        : [withSettings(served(isOver ? withoutClosed(entry) : entry, world), target)];
    }
    const left = givenUp.find((workload) => sameWorkload(workload, entry));
    return left !== undefined && left.live === undefined && !hasPods(world, entry, lock) ? [] : [entry];
  });
  const open = targets.every(({ spec }) => spec.liveAccess === 'Allow');
  const writers = podWritersOf(world);
  const { objects } = withObjectsListed(lock, world);
  // What runs once is approved while its step runs; another target's is that one's to judge.
  const jobs = (lock.jobs ?? []).filter((entry) =>
    entry.target === target.metadata.name
      ? jobFault(entry, world.records) === undefined
      : others.some(({ metadata }) => metadata.name === entry.target),
  );
  const wanted = refrozen(
    {
      liveAccess: open ? 'Allow' : 'Deny',
      ...(writers.length === 0 ? {} : { podWriters: writers }),
      ...(targets.some(({ spec }) => spec.routing === 'Listed') ? { routing: 'Listed' as const } : {}),
      ...(lock.frozen === undefined ? {} : { frozen: lock.frozen }),
      approved: ordered(approved),
      ...(jobs.length === 0 ? {} : { jobs }),
      ...(objects === undefined ? {} : { objects }),
    },
    (promotion) => world.asking.has(promotion),
  );
  return withRoom(wanted);
}

/** What was approved, as the API server writes it now. */
function served(entry: Approved, { workloads }: TargetWorld): Approved {
  const live = workloads.find((workload) => sameWorkload(workload, entry))?.live?.spec;
  if (live === undefined) return entry;
  const spec = servedLike({ ...live }, entry.spec);
  return spec === entry.spec ? entry : { ...entry, spec };
}

/** Its creation was taken back or came too late, and it is not there: nobody makes it from that approval any more. */
function isTakenAway({ records, workloads }: TargetWorld, entry: Approved): boolean {
  if (workloads.some((workload) => sameWorkload(workload, entry) && workload.live !== undefined)) return false;
  const [newest] = decisionsOn(records, entry);
  return newest?.takenBack === true && newest.contents.every(({ as }) => as === 'Desired');
}

/** The garbage collector takes the pods of a workload after it: until then they are what was approved. */
function hasPods(world: TargetWorld, entry: Approved, lock: LockSpec): boolean {
  const maker = makerOf(world);
  const { pods } = world.running;
  return (
    pods === undefined ||
    pods.some((pod) => maker(pod) === undefined && runningPodDifference(pod, [entry], lock) === undefined)
  );
}

/** Everybody whom the installation or a target of the namespace lets write into running pods, as many as a lock holds. */
function podWritersOf({ target, others, podWriters }: WriterLists): NonNullable<LockSpec['podWriters']> {
  return allWriters({ target, others, podWriters }).slice(0, MAX_POD_WRITERS);
}

type WriterLists = Pick<TargetWorld, 'target' | 'others' | 'podWriters'>;

/**
 * Everybody whom the installation or a target of the namespace lets write into running pods, be they more than a lock holds.
 */
export function allWriters({ target, others, podWriters }: WriterLists): ReturnType<typeof mergedWriters> {
  return mergedWriters([podWriters, ...[target, ...others].map(({ spec }) => spec.podWriters ?? [])]);
}

/** Adopted: what was found and signed by nobody, called so. */
export function adoptedEntry(
  now: number,
  adopting: readonly LiveWorkload[],
  {
    message,
    objects = [],
    acceptedBy,
  }: {
    readonly message?: string;
    readonly objects?: readonly LiveObject[];
    readonly acceptedBy?: string | undefined;
  } = {},
): RecordEntry {
  return {
    type: 'Adopted',
    time: rfc3339(now),
    ...(message === undefined ? {} : { message }),
    ...(acceptedBy === undefined ? {} : { acceptedBy }),
    currentSpecs: adopting.flatMap(({ kind, name, live }) =>
      live?.spec === undefined
        ? []
        : [{ kind, name, digest: specDigest(kind, live.spec), spec: { ...approvedSpec(kind, live.spec) } }],
    ),
    ...(objects.length === 0 ? {} : { currentObjects: [...adoptedObjects(objects)] }),
  };
}

/** Where the record of this adoption will stand: behind its parts, if it has any. */
function nextRecord(
  { target, accepted: acceptedBy, records, now }: TargetWorld,
  adopting: readonly LiveWorkload[],
  objects: readonly LiveObject[],
): string {
  const { namespace = '', name, uid = '' } = target.metadata;
  const sealed = sealRecords({ namespace, name, uid }, records, adoptedEntry(now, adopting, { objects, acceptedBy }));
  return recordName(name, (records.at(-1)?.sequence ?? 0) + sealed.length);
}
