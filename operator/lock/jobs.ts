import type { ProductionTarget } from '../api/index.ts';
import { CanonicalError } from '../canonical/index.ts';
import { historyOf, jobRecordOf, nameOf, type RecordedJob, type RecordSpec } from '../records/index.ts';
import { jobDigest } from '../workloads/index.ts';
import { settingsOf } from './entry.ts';
import { refrozen } from './frozen.ts';
import type { LockSpec } from './types.ts';

/** Somebody changed the lock. */
export const NOT_SIGNED = 'it is not what was signed';

type LockedJob = NonNullable<LockSpec['jobs']>[number];

/** Opens the lock for one Job of a promotion; what pods may be changed by is what the target says. */
export function withJob(lock: LockSpec, target: ProductionTarget, job: RecordedJob, record: string): LockSpec {
  const { injected, mutations } = settingsOf(target);
  const entry: LockedJob = {
    kind: 'Job',
    name: job.job,
    digest: job.digest,
    target: target.metadata.name,
    ...(injected === undefined ? {} : { injected }),
    ...(mutations === undefined ? {} : { mutations }),
    record,
    spec: { ...job.spec },
  };
  return withJobs(lock, [...(lock.jobs ?? []).filter(({ name }) => name !== job.job), entry]);
}

/** The lock with these Jobs and no others. */
export function withJobs(lock: LockSpec, jobs: readonly LockedJob[]): LockSpec {
  const { jobs: _before, ...rest } = lock;
  return refrozen(jobs.length === 0 ? rest : { ...rest, jobs: [...jobs] });
}

/** Whether the lock is open for a Job of that name. */
export function holdsJob({ jobs = [] }: LockSpec, name: string): boolean {
  return jobs.some((each) => each.name === name);
}

/**
 * Why a Job has no business in a lock; undefined while its step runs: its promotion was approved and is not over, the round
 * has that content, and no record says that it ran.
 *
 * @param records the chain of the entry's target
 */
export function jobFault(
  { name, digest, record, spec }: LockedJob,
  records: readonly RecordSpec[],
): string | undefined {
  const approved = records.find((each) => nameOf(each) === record);
  const { uid = '' } = approved?.promotion ?? {};
  const history = historyOf(records, uid);
  if (approved === undefined || history.approved !== approved || history.ended !== undefined)
    return `record ${record} approves nothing any more`;
  const signed = history.round?.jobs?.find(({ job }) => job === name);
  if (signed === undefined || signed.digest !== digest || digestIn(spec) !== digest) return NOT_SIGNED;
  return jobRecordOf(records, uid, signed.name) === undefined ? undefined : 'it is over';
}

function digestIn(spec: LockedJob['spec']): string | undefined {
  try {
    return jobDigest(spec);
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}
