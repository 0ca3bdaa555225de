import { parseDuration } from '../../api/index.ts';
import { REVISION_ANNOTATION } from '../../kube/index.ts';
import { contentsOf, matchLive, type LockSpec } from '../../lock/index.ts';
import {
  nameOf,
  outcomeEntry,
  promotionRef,
  type OutcomeResult,
  type RecordedSpec,
  type RecordSpec,
} from '../../records/index.ts';
import { progressOf, type Progress } from '../rollout/index.ts';
import type { Facts } from './facts.ts';
import type { Verdict } from './verdict.ts';
import type { WorkloadFacts, World } from './world.ts';

/** How far one workload is; `Undone`: the new content was applied at some time, and the fallback is live again. */
type Step =
  | { readonly state: 'ToApply' | 'Undone' | 'Missing' | 'Tampered' }
  | { readonly state: 'Applied'; readonly progress: Progress };

interface Item {
  readonly wanted: RecordedSpec;
  readonly step: Step;
}

/** Whether the lock holds what this approval opens it for; one write opens it for every workload. */
export function isOpened(lock: LockSpec, round: RecordSpec, approved: RecordSpec): boolean {
  return (round.desiredSpecs ?? []).every((wanted) => {
    const { current } = contentsOf(lock, wanted);
    return current?.digest === wanted.digest && current.record === nameOf(approved);
  });
}

/**
 * What a rollout whose lock is open does next: apply, wait, take back or conclude. All of it is derived from the
 * approval, the lock and what is live; `deployment.kubernetes.io/revision` tells an undo from content that was never
 * applied, since both look like the fallback.
 */
export function rolloutVerdict(world: World, facts: Facts, approved: RecordSpec, round: RecordSpec): Verdict {
  const items = (round.desiredSpecs ?? []).map((wanted) => ({ wanted, step: stepOf(wanted, world, facts, approved) }));
  const missing = items.find(({ step }) => step.state === 'Missing');
  const end = concluder(world, facts, round, approved);
  if (missing !== undefined)
    return end('Failed', 'WorkloadMissing', `${label(missing)} was deleted while it was rolled out`);
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
  const deadline = Date.parse(approved.time) + parseDuration(world.target?.spec.rollback.progressDeadline ?? '10m');
  const overdue = !(world.now < deadline);
  const undone = items.find(({ step }) => step.state === 'Undone');
  if (undone !== undefined)
    return takeBack(
      world,
      facts,
      items,
      {
        reason: world.takenBackFor?.reason ?? 'Undone',
        message: world.takenBackFor?.message ?? `the fallback of ${label(undone)} is live again`,
      },
      end,
    );
  const toApply = items.find(({ step }) => step.state === 'ToApply');
  if (toApply !== undefined && overdue)
    return takeBack(
      world,
      facts,
      items,
      {
        reason: 'NotApplied',
        message: `${label(toApply)} could not be changed before the deadline`,
      },
      end,
    );
  if (toApply !== undefined)
    return {
      phase: 'RollingOut',
      reason: 'Applying',
      message: `the lock is open, ${label(toApply)} is changed next`,
      action: { do: 'Apply', workload: toApply.wanted, spec: toApply.wanted.spec },
      requeueAfter: deadline - world.now,
    };
  return verify(world, facts, items, { deadline, overdue }, end);
}

function verify(
  world: World,
  facts: Facts,
  items: readonly Item[],
  { deadline, overdue }: { readonly deadline: number; readonly overdue: boolean },
  end: Conclude,
): Verdict {
  const open = items.flatMap((item) =>
    item.step.state === 'Applied' && item.step.progress.state !== 'Complete'
      ? [{ item, progress: item.step.progress }]
      : [],
  );
  const [first] = open;
  if (first === undefined)
    return end('Completed', 'Verified', 'every workload runs what was signed, and nothing else is ready');
  const failed = open.find(({ progress }) => progress.state === 'Failed');
  const at = failed ?? first;
  const why = `${label(at.item)}: ${at.progress.message}`;
  if (failed === undefined && !overdue)
    return { phase: 'Verifying', reason: 'Verifying', message: why, why: [why], requeueAfter: deadline - world.now };
  const reason = failed?.progress.state === 'Failed' ? failed.progress.reason : 'ProgressDeadlineExceeded';
  if (world.target?.spec.rollback.automatic === false) return end('Failed', reason, why);
  return takeBack(world, facts, items, { reason, message: why }, end);
}

/** Puts the fallback back where the new content is live, then records it. Without a fallback it can only fail. */
function takeBack(
  world: World,
  facts: Facts,
  items: readonly Item[],
  cause: { readonly reason: string; readonly message: string },
  end: Conclude,
): Verdict {
  const applied = items.find(({ step }) => step.state === 'Applied');
  if (applied === undefined) return end('RolledBack', cause.reason, cause.message);
  const { fallback } = contentsOf(facts.lock, applied.wanted);
  if (fallback === undefined) return end('Failed', cause.reason, `${cause.message}; there is no fallback to return to`);
  if (world.target?.spec.rollback.automatic === false)
    return end('RolledBack', cause.reason, `${cause.message}; ${label(applied)} keeps the new content`);
  return {
    phase: 'RollingOut',
    reason: cause.reason,
    message: cause.message,
    action: { do: 'RollBack', workload: applied.wanted, spec: fallback.spec },
  };
}

function stepOf(wanted: RecordedSpec, world: World, facts: Facts, approved: RecordSpec): Step {
  const workload = world.workloads.find(({ kind, name }) => kind === wanted.kind && name === wanted.name);
  const live = workload?.live;
  if (live?.spec === undefined) return { state: 'Missing' };
  switch (matchLive(contentsOf(facts.lock, wanted), { ...live.spec })) {
    case 'Current':
      return { state: 'Applied', progress: progressOf(live, workload?.pods ?? []) };
    case 'None':
      return { state: 'Tampered' };
    case 'Undone':
      return { state: 'Undone' };
    case 'Fallback':
      return { state: wasApplied(wanted, workload, approved) ? 'Undone' : 'ToApply' };
  }
}

function wasApplied(wanted: RecordedSpec, workload: WorkloadFacts | undefined, approved: RecordSpec): boolean {
  const change = approved.outcome?.changes?.find(({ kind, name }) => kind === wanted.kind && name === wanted.name);
  return workload?.live?.metadata.annotations?.[REVISION_ANNOTATION] !== change?.revision;
}

type Conclude = (result: Exclude<OutcomeResult, 'Approved'>, reason: string, message: string) => Verdict;

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

function label({ wanted }: Item): string {
  return `${wanted.kind}/${wanted.name}`;
}
