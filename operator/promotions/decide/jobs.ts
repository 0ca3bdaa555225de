/** Jobs of a promotion: what is signed of them, and their steps. Pure. */
import { parseDuration } from '../../api/index.ts';
import { parseTime, rfc3339 } from '../../canonical/index.ts';
import { holdsJob, withJob, withJobs } from '../../lock/index.ts';
import { jobRecordOf, nameOf, type RecordedJob, type RecordSpec } from '../../records/index.ts';
import { jobContent, jobDigest, jobProgress, type JobProgress, type Spec } from '../../workloads/index.ts';
import type { Verdict } from './verdict.ts';
import type { ActingWorld, Cause, DecidingWorld, LiveJob, PlannedJob } from './world.ts';

/** Milliseconds; a Job tells nobody here when it is over. */
const LOOK_AGAIN_MS = 2000;
const LATE_MS = 10_000;
/** As the schema has it. */
const DEFAULT_DEADLINE = '10m';

/** What is signed of the Jobs, in their order; those without a plan are not among it. */
export function signedJobs({ jobs }: Pick<DecidingWorld, 'jobs'>): readonly RecordedJob[] {
  return jobs.flatMap(({ when, name, job, planned }) =>
    planned !== undefined && 'spec' in planned
      ? [{ when, name, job, digest: jobDigest(planned.spec), spec: { ...jobContent(planned.spec) } }]
      : [],
  );
}

/** What the Jobs of one time have come to: nothing is left to do, something is, or one failed and nothing of it runs on. */
export type JobsVerdict = { readonly verdict: Verdict } | { readonly failed: Cause } | undefined;

/**
 * The next step of the Jobs before or after, one after the other: the lock opens for one, it is made, it ends, a record
 * says so, the lock closes. Whatever is on record never runs again; and as long as the lock is open for a Job nobody
 * deletes it, so that one that is not there was never made.
 */
export function jobsStep(
  world: ActingWorld,
  {
    round,
    approved,
    when,
  }: { readonly round: RecordSpec; readonly approved: RecordSpec; readonly when: LiveJob['when'] },
): JobsVerdict {
  for (const signed of (round.jobs ?? []).filter((each) => each.when === when)) {
    const live = world.jobs.find(({ name }) => name === signed.name);
    const step = stepOf(world, { signed, approved, live: live ?? { ...signed, spec: signed.spec } });
    if (step !== undefined) return step;
  }
  return undefined;
}

interface Step {
  readonly signed: RecordedJob;
  readonly approved: RecordSpec;
  readonly live: LiveJob | PlannedJob;
}

function stepOf(world: ActingWorld, { signed, approved, live: { live, pods = [] } }: Step): JobsVerdict {
  const { lock, target, promotion, records, now } = world;
  const { name, job } = signed;
  if (lock === undefined || target === undefined) return undefined;
  const running = (message: string, rest: Partial<Verdict> = {}): JobsVerdict => ({
    verdict: {
      phase: 'RollingOut',
      reason: 'JobRunning',
      message: `Job ${name}: ${message}`,
      why: [`Job ${job}: ${message}`],
      requeueAfter: LOOK_AGAIN_MS,
      ...rest,
    },
  });
  const progress = live === undefined ? undefined : jobProgress(live, pods);
  const over = jobRecordOf(records, promotion.metadata.uid ?? '', name);
  if (over !== undefined) {
    if (holdsJob(lock.spec, job))
      return running('it is over, the lock closes', {
        action: {
          do: 'SetJobs',
          lock: withJobs(
            lock.spec,
            (lock.spec.jobs ?? []).filter((each) => each.name !== job),
          ),
        },
      });
    if (over.result === 'Succeeded') return undefined;
    // What did not end by itself is ended.
    if (live !== undefined && progress?.state === 'Running' && live.metadata.deletionTimestamp === undefined)
      return running('it did not end in time and is deleted', {
        action: { do: 'StopJob', name: job, uid: live.metadata.uid ?? '' },
      });
    return { failed: { reason: 'JobFailed', message: `Job ${job}: ${over.message}` } };
  }
  if (!holdsJob(lock.spec, job))
    return running('the lock opens for it', {
      action: { do: 'SetJobs', lock: withJob(lock.spec, target, signed, nameOf(approved)) },
    });
  const deadline = deadlineOf(world, signed, approved, live?.metadata.creationTimestamp);
  if (live === undefined)
    return now < deadline
      ? running('it is made next', { action: { do: 'RunJob', name: job, spec: { ...signed.spec } } })
      : recorded(
          world,
          signed,
          { state: 'Failed', message: `it could not be made in time${refusal(world)}` },
          undefined,
        );
  const { uid } = live.metadata;
  if (progress !== undefined && progress.state !== 'Running') return recorded(world, signed, progress, uid);
  if (now >= deadline)
    return recorded(
      world,
      signed,
      { state: 'Failed', message: `it did not end until ${rfc3339(deadline)}; ${progress?.message ?? ''}` },
      uid,
    );
  return running(`${progress?.message ?? ''}; it has until ${rfc3339(deadline)}`, {
    requeueAfter: Math.min(LOOK_AGAIN_MS, Math.max(deadline - now, 1)),
  });
}

/** Its own deadline, or the target's for a rollout; Kubernetes ends it at its own, and tells. */
function deadlineOf(
  { target, records, promotion }: ActingWorld,
  { spec }: { readonly spec: Spec },
  approved: RecordSpec,
  created: string | undefined,
): number {
  const allowed = parseDuration(target?.spec.rollback.progressDeadline ?? DEFAULT_DEADLINE);
  if (created === undefined) {
    // Nothing says since when it could have been made: the rollout before it has its time, and then this.
    const { uid } = promotion.metadata;
    const before = records.findLast((each) => each.type === 'Job' && each.promotion?.uid === uid);
    return parseTime((before ?? approved).time) + 2 * allowed;
  }
  const own = spec['activeDeadlineSeconds'];
  // A moment later than Kubernetes, which knows why.
  return parseTime(created) + (typeof own === 'number' ? own * 1000 + LATE_MS : allowed);
}

function refusal(world: ActingWorld): string {
  const answer = world.stage === 'RollingOut' ? world.refusedBy : undefined;
  return answer === undefined ? '' : `; the API server answered last: ${answer}`;
}

function recorded(
  { now, history }: ActingWorld,
  { name, job }: RecordedJob,
  { state, message }: JobProgress,
  uid: string | undefined,
): JobsVerdict {
  const { approved } = history;
  return {
    verdict: {
      phase: 'RollingOut',
      reason: 'JobRunning',
      message: `Job ${name}: ${message}`,
      action: {
        do: 'Append',
        entry: {
          type: 'Job',
          time: rfc3339(now),
          ...(approved?.promotion === undefined ? {} : { promotion: approved.promotion }),
          job: {
            name,
            job,
            ...(uid === undefined ? {} : { uid }),
            result: state === 'Succeeded' ? 'Succeeded' : 'Failed',
            message: message.slice(0, 2000),
          },
        },
      },
    },
  };
}
