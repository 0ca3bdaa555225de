import { parseDuration } from '../../api/index.ts';
import { applying as applyingOf } from './applying.ts';
import { isExternal } from './closing.ts';
import { applyDeadlineOf, arrivedAt, awaiting, goesBack, notArrived } from './external.ts';
import { jobsStep, type JobsVerdict } from './jobs.ts';
import { lockChanged } from './lock.ts';
import { deletedSince } from './replaced.ts';
import {
  drained,
  itemsOf,
  label,
  objectItems,
  objectStateOf,
  others,
  stateOf,
  type Item,
  type ObjectItem,
} from './rollout-items.ts';
import { ended, failed, goes, LOOK_AGAIN_MS, takenBack, whoUndid, type Rollout, type RolloutStep } from './rollback.ts';
import { notAvailable, verifying } from './rollout-progress.ts';
import { beganAt } from './stage.ts';
import { firstAnswer } from './steps.ts';
import type { Action, Verdict } from './verdict.ts';
import type { Cause, RollingWorld } from './world.ts';

/**
 * What a rollout whose lock is open does next: apply, wait, take back or conclude. All of it is derived from the
 * approval, the lock and what is live; the workload's revision tells an undo from content that was never
 * applied, since both look like the fallback.
 */
export function rolloutVerdict(world: RollingWorld): Verdict {
  const [items, objects] = [itemsOf(world), objectItems(world)];
  const drains = drained(world, items);
  const allowed = allowedBy(world);
  const appliedAt = isExternal(world) ? arrivedAt(world, items, objects) : undefined;
  const deadline = Math.max(appliedAt ?? startOf(world), drains.drainsUntil ?? -Infinity) + allowed;
  const rollout: Rollout = { world, items, objects, deadline, allowed };
  const verdict = firstAnswer(CHAIN, rollout) ?? verified(rollout);
  const workloads = items.map((item) => stateOf(item, isExternal(world)));
  const states = { workloads, objects: objects.map(objectStateOf) };
  return { rollout: { ...states, ...(appliedAt === undefined ? {} : { appliedAt }), ...drains }, ...verdict };
}

/** When time for the rollout begins, milliseconds since the epoch: where others apply, once they have had theirs. */
function startOf(world: RollingWorld): number {
  return isExternal(world) ? applyDeadlineOf(world) : beganAt(world);
}

/** A rollout that cannot be judged, since something has no canonical form: that has an end too. */
export function unjudged(world: RollingWorld, cause: Cause): Verdict | undefined {
  return world.now < startOf(world) + allowedBy(world) ? undefined : failed(world, cause);
}

/** Milliseconds that the target gives a rollout. */
function allowedBy({ target }: RollingWorld): number {
  return parseDuration(target?.spec.rollback.progressDeadline ?? '10m');
}

/**
 * The target is gone, and the lock is there for others: nobody verifies or takes back, unless it is made again in time.
 * One that is only on its way out still says how.
 */
const targetMissing: RolloutStep = ({ world, deadline }) => {
  const { target, approved, now } = world;
  if (target !== undefined) return undefined;
  const since = deletedSince(world, approved);
  const reason = 'TargetMissing';
  // Its workloads are not looked at without it: they stay as they were seen last.
  if (now < deadline)
    return {
      phase: 'RollingOut',
      reason,
      message: `${since}: nothing is changed or verified until it is made again`,
      requeueAfter: deadline - now,
      rollout: undefined,
    };
  const message = `${since} and not made again in time: nobody verifies what runs, or takes it back`;
  return { ...failed(world, { reason, message }), rollout: undefined };
};

const workloadMissing: RolloutStep = ({ world, items }) => {
  const missing = items.find(({ step }) => step.state === 'Missing');
  return (
    missing &&
    failed(world, {
      reason: 'WorkloadMissing',
      message: `${label(missing)} was deleted while it was rolled out${others(items)}`,
    })
  );
};

const tampered: RolloutStep = ({ world, items, objects, deadline }) => {
  const found =
    items.find(({ step }) => step.state === 'Tampered') ?? objects.find(({ state }) => state === 'Tampered');
  if (found === undefined) return undefined;
  const reason = 'Tampered';
  const message = `${label(found)} has content that nobody approved: find out how it got there, then put approved content back`;
  // Its target goes on saying so.
  if (world.now >= deadline) return failed(world, { reason, message: `${message}${others(items)}` });
  return {
    phase: 'RollingOut',
    stalled: true,
    reason,
    message,
    why: [
      `a platform engineer puts approved content back into ${label(found)}: kubectl rollout undo, or apply what was signed`,
    ],
    requeueAfter: deadline - world.now,
  };
};

/** Whose lock it is nobody waits for longer than for anything else. */
const lockDiffers: RolloutStep = ({ world, items, deadline }) => {
  const verdict = lockChanged(world);
  if (verdict === undefined || world.now < deadline) return verdict;
  return failed(world, { reason: verdict.reason, message: `${verdict.message}${others(items)}` });
};

/** What everything runs with is verified by then: a Job that fails takes it back. */
const jobFailed: RolloutStep = (rollout) => {
  const after = afterOf(rollout);
  return after !== undefined && 'failed' in after ? takenBack(rollout, after.failed) : undefined;
};

const jobsAfter: RolloutStep = (rollout) => {
  const after = afterOf(rollout);
  return after !== undefined && 'verdict' in after ? after.verdict : undefined;
};

function afterOf({ world }: Rollout): JobsVerdict {
  return jobsStep(world, { round: world.round, approved: world.approved, when: 'after' });
}

const undone: RolloutStep = (rollout) => {
  const { world, items } = rollout;
  const [by] = items.flatMap((item) =>
    item.step.state === 'Undone' || item.step.state === 'Leaving' ? [whoUndid(item, item.step.live)] : [],
  );
  return by && takenBack(rollout, world.takenBackFor ?? by);
};

const notApplied: RolloutStep = (rollout) => {
  const { world, deadline } = rollout;
  const open = toApply(rollout) ?? rollout.objects.find(({ state }) => state === 'ToApply') ?? refusedRemoval(rollout);
  if (open === undefined || world.now < deadline) return undefined;
  // It may have been changed and changed back meanwhile: what is said is what can be seen.
  const answer = world.refusedBy === undefined ? '' : `; the API server answered last: ${world.refusedBy}`;
  const message = `the deadline passed and ${label(open)} has what it had before${answer}`;
  return takenBack(rollout, world.takenBackFor ?? { reason: 'NotApplied', message });
};

const applying: RolloutStep = (rollout) => {
  const open = toApply(rollout);
  return open && applies(rollout, open);
};

/** What goes is taken away last: the old version may need it until the new one has taken over. */
const removing: RolloutStep = (rollout) => {
  const open = rollout.objects.toReversed().find((item) => item.state === 'ToApply');
  return open && applies(rollout, open);
};

function applies({ deadline, world }: Rollout, open: Item | ObjectItem): Verdict {
  return {
    phase: 'RollingOut',
    reason: 'Applying',
    message: `the lock is open, ${label(open)} is ${'does' in open && open.does === 'Create' ? 'made' : 'changed'} next`,
    action: applyOf(world, open),
    requeueAfter: deadline - world.now,
  };
}

function applyOf(world: RollingWorld, { wanted }: Item | ObjectItem): Action {
  return 'spec' in wanted
    ? applyingOf(world, world.round, wanted)
    : { do: 'ApplyObject', object: wanted, content: wanted.content };
}

/** Last, since nothing has to be brought back for what fails before. */
const leaving: RolloutStep = ({ world, items, deadline }) => {
  const next = items.find(({ step }) => step.state === 'ToRemove');
  if (next?.step.state === 'ToRemove')
    return {
      phase: 'RollingOut',
      reason: 'Removing',
      message: `everything else runs, ${label(next)} is removed next`,
      action: { do: 'Remove', workload: next.wanted, uid: next.step.live.metadata.uid ?? '' },
      requeueAfter: Math.max(deadline - world.now, 1),
    };
  const going = items.find(({ step }) => step.state === 'Going');
  if (going?.step.state !== 'Going') return undefined;
  const message = goes(going, going.step.live);
  return world.now < deadline
    ? { phase: 'Verifying', reason: 'Removing', message, why: [message], requeueAfter: LOOK_AGAIN_MS }
    : failed(world, { reason: 'ProgressDeadlineExceeded', message: `${message}${others(items)}` });
};

/** Nothing speaks against it: it is what people asked for. */
function verified({ world, items }: Rollout): Verdict {
  const complete = items.every(
    ({ step }) => step.state === 'Gone' || (step.state === 'Applied' && step.progress.state === 'Complete'),
  );
  if (!complete) throw new TypeError('a rollout that is not complete has no answer');
  return ended(world, 'Completed', {
    reason: 'Verified',
    message:
      items.length === 0
        ? 'every object is what was signed'
        : 'every workload runs what was signed, nothing else is ready, and no new pod was started again in the time to settle',
  });
}

/** In this order; the first that answers decides. */
const CHAIN: readonly RolloutStep[] = [
  lockDiffers,
  targetMissing,
  workloadMissing,
  tampered,
  jobFailed,
  goesBack,
  undone,
  notArrived,
  awaiting,
  notApplied,
  applying,
  notAvailable,
  verifying,
  jobsAfter,
  leaving,
  removing,
];

/** Objects before workloads, which may need them; what is taken away waits for the end. */
function toApply({ items, objects }: Rollout): Item | ObjectItem | undefined {
  return (
    objects.find(({ state, wanted }) => state === 'ToApply' && wanted.content !== undefined) ??
    items.find(({ step }) => step.state === 'ToApply')
  );
}

/** While it is tried there is time; what was refused when that is over, will be. */
function refusedRemoval({ world, items }: Rollout): Item | undefined {
  return world.refusedBy === undefined ? undefined : items.find(({ step }) => step.state === 'ToRemove');
}
