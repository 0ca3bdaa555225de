import { parseTime } from '../../canonical/index.ts';
import { contentsOf, objectsOf, type LockSpec, type WorkloadKey } from '../../lock/index.ts';
import { nameOf, type PromotionHistory, type RecordedSpec, type RecordSpec } from '../../records/index.ts';

/** Where a promotion stands, as the records and the lock tell it. Nothing else says it, and nobody else works it out. */
export type Stage =
  /** People are asked, or their approval has not opened the lock yet: everything is counted, anew each time. */
  | { readonly stage: 'Deciding' }
  /** The lock is open for it. */
  | { readonly stage: 'RollingOut'; readonly approved: RecordSpec; readonly round: RecordSpec }
  /** A record says how it ended; over is over. */
  | { readonly stage: 'Over'; readonly ended: RecordSpec };

/**
 * The stage of a promotion. A pure function of two objects that only this process writes.
 *
 * @param history what the chain of its target tells of it
 * @param lock of its namespace; undefined when there is none
 */
export function stageOf({ ended, approved, round }: PromotionHistory, lock: LockSpec | undefined): Stage {
  if (ended !== undefined) return { stage: 'Over', ended };
  if (approved === undefined || round === undefined || lock === undefined || !isOpened(lock, round, approved))
    return { stage: 'Deciding' };
  return { stage: 'RollingOut', approved, round };
}

/**
 * Whether the lock holds what this approval opens it for; one write opens it for every workload. A creation that is taken
 * back is held as a fallback alone, and so is what is removed.
 */
function isOpened(lock: LockSpec, round: RecordSpec, approved: RecordSpec): boolean {
  const { desiredSpecs = [], currentSpecs = [], desiredObjects = [] } = round;
  const holds = desiredSpecs.every((wanted) => {
    const { current, fallback } = contentsOf(lock, wanted);
    const held = isCreated(round, wanted) ? (current ?? fallback) : current;
    return held?.digest === wanted.digest && held.record === nameOf(approved);
  });
  const holdsObjects = desiredObjects.every((wanted) => {
    const { current } = objectsOf(lock, wanted);
    return current !== undefined && current.digest === wanted.digest && current.record === nameOf(approved);
  });
  const removed = removedBy(round);
  const gone = removed.every((spec) => {
    const { current, fallback } = contentsOf(lock, spec);
    return current === undefined && fallback?.digest === spec.digest;
  });
  return holds && gone && holdsObjects && desiredSpecs.length + currentSpecs.length + desiredObjects.length > 0;
}

/**
 * Since when a rollout has its time, milliseconds since the epoch: the approval, or the end of the last Job that had to run
 * before.
 */
export function beganAt({
  approved,
  round,
  records,
}: Pick<Extract<Stage, { stage: 'RollingOut' }>, 'approved' | 'round'> & {
  readonly records: readonly RecordSpec[];
}): number {
  const before = new Set((round.jobs ?? []).flatMap(({ when, name }) => (when === 'before' ? [name] : [])));
  const last = records.findLast(
    ({ job, promotion }) => job !== undefined && before.has(job.name) && promotion?.uid === approved.promotion?.uid,
  );
  return parseTime((last ?? approved).time);
}

/** Workloads that a round takes away, with what they run. */
export function removedBy({ currentSpecs = [], desiredSpecs = [] }: RecordSpec): readonly RecordedSpec[] {
  return currentSpecs.filter((spec) => !desiredSpecs.some((wanted) => isSame(wanted, spec)));
}

/** Whether the workload did not exist when the round opened. */
export function isCreated({ currentSpecs = [] }: RecordSpec, wanted: WorkloadKey): boolean {
  return !currentSpecs.some((spec) => isSame(spec, wanted));
}

function isSame(a: WorkloadKey, b: WorkloadKey): boolean {
  return a.kind === b.kind && a.name === b.name;
}
