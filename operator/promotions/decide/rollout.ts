import { parseDuration, type PromotionReason } from '../../api/index.ts';
import { changedBy, contentsOf, wasChangedByController, type LockSpec } from '../../lock/index.ts';
import { nameOf, outcomeEntry, promotionRef, type OutcomeResult, type RecordSpec } from '../../records/index.ts';
import type { Progress } from '../../workloads/index.ts';
import type { Facts } from './facts.ts';
import { drained, label, liveOf, others, stateOf, stepOf, type Item } from './rollout-items.ts';
import type { Verdict } from './verdict.ts';
import type { World } from './world.ts';

/** While pods hinder a rollout they are looked at again so often, milliseconds. */
const LOOK_AGAIN_MS = 5000;

/** Whether the lock holds what this approval opens it for; one write opens it for every workload. */
export function isOpened(lock: LockSpec, round: RecordSpec, approved: RecordSpec): boolean {
  return (round.desiredSpecs ?? []).every((wanted) => {
    const { current } = contentsOf(lock, wanted);
    return current?.digest === wanted.digest && current.record === nameOf(approved);
  });
}

/**
 * What a rollout whose lock is open does next: apply, wait, take back or conclude. All of it is derived from the
 * approval, the lock and what is live; the workload's revision tells an undo from content that was never
 * applied, since both look like the fallback.
 */
export function rolloutVerdict(world: World, facts: Facts, approved: RecordSpec, round: RecordSpec): Verdict {
  const items = (round.desiredSpecs ?? []).map((wanted) => ({ wanted, step: stepOf(wanted, world, facts, approved) }));
  const rollout = { workloads: items.map(stateOf), ...drained(world, items) };
  return { rollout, ...nextOf(world, facts, approved, items, concluder(world, facts, round, approved)) };
}

function nextOf(world: World, facts: Facts, approved: RecordSpec, items: readonly Item[], end: Conclude): Verdict {
  const missing = items.find(({ step }) => step.state === 'Missing');
  if (missing !== undefined)
    return end('Failed', 'WorkloadMissing', `${label(missing)} was deleted while it was rolled out${others(items)}`);
  const tampered = items.find(({ step }) => step.state === 'Tampered');
  if (tampered !== undefined)
    return {
      phase: 'RollingOut',
      stalled: true,
      reason: 'Tampered',
      message: `${label(tampered)} has content that nobody approved: find out how it got there, then put approved content back`,
      why: [
        `a platform engineer puts approved content back into ${label(tampered)}: kubectl rollout undo, or apply what was signed`,
      ],
    };
  const { drainsUntil = -Infinity } = drained(world, items);
  const allowed = parseDuration(world.target?.spec.rollback.progressDeadline ?? '10m');
  const deadline = Math.max(Date.parse(approved.time), drainsUntil) + allowed;
  const overdue = !(world.now < deadline);
  const undone = items.find(({ step }) => step.state === 'Undone');
  if (undone !== undefined) return takeBack(world, facts, items, world.takenBackFor ?? whoUndid(undone, world), end);
  const toApply = items.find(({ step }) => step.state === 'ToApply');
  if (toApply !== undefined && overdue)
    return takeBack(world, facts, items, world.takenBackFor ?? notApplied(toApply, world), end);
  if (toApply !== undefined)
    return {
      phase: 'RollingOut',
      reason: 'Applying',
      message: `the lock is open, ${label(toApply)} is changed next`,
      action: { do: 'Apply', workload: toApply.wanted, spec: toApply.wanted.spec },
      requeueAfter: deadline - world.now,
    };
  return verify(world, facts, items, deadline, end);
}

function verify(world: World, facts: Facts, items: readonly Item[], deadline: number, end: Conclude): Verdict {
  const open = items.flatMap((item) =>
    item.step.state === 'Applied' && item.step.progress.state !== 'Complete'
      ? [{ item, progress: item.step.progress }]
      : [],
  );
  const late = ({ progress }: (typeof open)[number]): boolean =>
    progress.state === 'Settling' ? progress.since >= deadline : world.now >= deadline;
  const failed = open.find(({ progress }) => progress.state === 'Failed') ?? open.find(late);
  // Whatever takes longest to change comes last: one that settles needs nothing but time.
  const at = failed ?? open.find(({ progress }) => progress.state !== 'Settling') ?? open[0];
  if (at === undefined)
    return end(
      'Completed',
      'Verified',
      'every workload runs what was signed, nothing else is ready, and no new pod was started again in the time to settle',
    );
  const message = `${label(at.item)}: ${at.progress.message}`;
  if (failed === undefined)
    return {
      phase: 'Verifying',
      reason: reasonOf(at.progress) ?? (at.progress.state === 'Settling' ? 'Settling' : 'Verifying'),
      message,
      why: open.map(({ item, progress }) => `${label(item)}: ${progress.message}`),
      requeueAfter: Math.max(Math.min(...open.map(({ progress }) => nextLook(progress, deadline, world.now))), 1),
    };
  const reason = reasonOf(at.progress) ?? 'ProgressDeadlineExceeded';
  if (world.target?.spec.rollback.automatic === false) return end('Failed', reason, `${message}${others(items)}`);
  return takeBack(world, facts, items, { reason, message }, end);
}

/** Pods tell nobody when they change, so that what hinders them is looked for now and then; time itself is not asked. */
function nextLook(progress: Progress, deadline: number, now: number): number {
  return progress.state === 'Settling' ? progress.until - now : Math.min(deadline - now, LOOK_AGAIN_MS);
}

function reasonOf(progress: Progress): PromotionReason | undefined {
  return 'reason' in progress ? progress.reason : undefined;
}

/** Why a rollout does not go on. */
interface Cause {
  readonly reason: PromotionReason;
  readonly message: string;
}

/** Puts the fallback back where the new content is live, then records it. Without a fallback it can only fail. */
function takeBack(world: World, facts: Facts, items: readonly Item[], cause: Cause, end: Conclude): Verdict {
  const applied = items.find(({ step }) => step.state === 'Applied');
  if (applied === undefined) return end('RolledBack', cause.reason, cause.message);
  const { fallback } = contentsOf(facts.lock, applied.wanted);
  if (fallback === undefined)
    return end('Failed', cause.reason, `${cause.message}; ${label(applied)} has no fallback to return to`);
  if (world.target?.spec.rollback.automatic === false)
    return end('RolledBack', cause.reason, `${cause.message}; ${label(applied)} keeps the new content`);
  return {
    phase: 'RollingOut',
    reason: cause.reason,
    message: cause.message,
    action: { do: 'RollBack', workload: applied.wanted, spec: fallback.spec },
  };
}

function whoUndid(item: Item, world: World): Cause {
  const live = liveOf(item.wanted, world);
  if (live === undefined) return { reason: 'Undone', message: `the fallback of ${label(item)} is live again` };
  return wasChangedByController(item.wanted, live)
    ? {
        reason: 'TakenBack',
        message: `the rollout failed and the fallback of ${label(item)} was put back by this controller, which was stopped before it could record why`,
      }
    : {
        reason: 'Undone',
        message: `the fallback of ${label(item)} is live again, put back by ${changedBy(item.wanted, live)}`,
      };
}

/** It may have been changed and changed back meanwhile: what is said is what can be seen. */
function notApplied(item: Item, { refusedBy }: World): Cause {
  const answer = refusedBy === undefined ? '' : `; the API server answered last: ${refusedBy}`;
  return {
    reason: 'NotApplied',
    message: `the deadline passed and ${label(item)} has what it had before${answer}`,
  };
}

type Conclude = (result: Exclude<OutcomeResult, 'Approved'>, reason: PromotionReason, message: string) => Verdict;

function concluder(world: World, facts: Facts, round: RecordSpec, approved: RecordSpec): Conclude {
  return (result, reason, message) => ({
    phase: result,
    reason,
    message,
    action: {
      do: 'Append',
      entry: outcomeEntry({
        now: world.now,
        promotion: promotionRef(world.promotion, facts.requestedBy),
        round,
        result,
        reason,
        message,
        changes: approved.outcome?.changes,
      }),
    },
  });
}
