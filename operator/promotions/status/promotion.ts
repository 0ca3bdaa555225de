import { annotations, type Frozen, type PromotionStatus } from '../../api/index.ts';
import { withCondition, type Condition, type ConditionInput } from '../../kube/index.ts';
import { VOTE_PREFIX, type CountResult, type VoteOutcome } from '../approvals/index.ts';
import { type Decision, type Phase, type World } from '../decide/index.ts';
import { nameOf, type PromotionHistory } from '../../records/index.ts';
import { planOf } from './plan.ts';

const MAX_VOTES = 64;
const ENDS: ReadonlySet<Phase> = new Set(['Completed', 'Rejected', 'Failed', 'RolledBack', 'Expired', 'Superseded']);
const MOVING: ReadonlySet<Phase> = new Set(['Pending', 'Gating', 'Approved', 'RollingOut', 'Verifying']);

/**
 * Status of a promotion: output only. Nothing here is read back, except the armor of votes, which is verified anew each
 * time, and the times at which they were seen.
 */
export function promotionStatus(world: World, decision: Decision): PromotionStatus {
  const { promotion } = world;
  const { verdict, facts } = decision;
  const { history } = facts;
  const requestedAt = promotion.metadata.annotations?.[annotations.reconcileRequestedAt];
  let conditions: readonly Condition[] = promotion.status?.conditions ?? [];
  for (const condition of conditionsOf(decision))
    conditions = withCondition(
      conditions,
      { ...condition, message: condition.message.slice(0, 8192), observedGeneration: promotion.metadata.generation },
      world.now,
    );
  const record = history.ended ?? history.approved ?? history.round;
  return {
    observedGeneration: promotion.metadata.generation,
    phase: verdict.phase,
    ...gatesOf(world, decision),
    ...planOf(world, decision),
    ...approvalOf(world, decision),
    ...rolloutOf(decision),
    ...(verdict.why === undefined || verdict.why.length === 0
      ? {}
      : { why: verdict.why.slice(0, 32).map((line) => line.slice(0, 2048)) }),
    ...(record === undefined ? {} : { record: nameOf(record) }),
    ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt.slice(0, 256) }),
    conditions: conditions.map((condition) => ({ ...condition })),
  };
}

function conditionsOf({ verdict, facts }: Decision): readonly ConditionInput[] {
  const { phase, reason, message } = verdict;
  const state = (type: string, holds: boolean): ConditionInput => ({
    type,
    status: holds ? 'True' : 'False',
    reason,
    message,
  });
  const { history, gates } = facts;
  const passed = history.round !== undefined || (gates.length > 0 && gates.every(({ result }) => result === 'Passed'));
  // True while it waits for people: accepted and healthy; Flux and Argo CD would call anything else a failure.
  const ready = phase === 'Completed' || phase === 'AwaitingApproval' || phase === 'Approved';
  const stalled = verdict.stalled === true || (ENDS.has(phase) && phase !== 'Completed');
  return [
    state('Ready', ready),
    {
      ...state('GatesPassed', passed && phase !== 'Gating'),
      ...(passed && phase !== 'Gating' ? yes('GatesPassed', 'every gate passed') : {}),
    },
    history.approved === undefined
      ? state('Approved', false)
      : { type: 'Approved', status: 'True', ...yes('QuorumReached', history.approved.outcome?.message ?? '') },
    state('RolledOut', phase === 'Completed'),
    { ...state('Stalled', stalled), ...(stalled ? {} : yes('NotStalled', 'nothing has to be repaired')) },
    {
      ...state('Reconciling', MOVING.has(phase) && !stalled),
      ...(MOVING.has(phase) && !stalled ? {} : yes('Settled', 'nothing is in progress')),
    },
  ];
}

function yes(reason: string, message: string): { readonly reason: string; readonly message: string } {
  return { reason, message };
}

/** Those that were run now, else those that the round was opened with. The same sight again is no news. */
function gatesOf({ promotion }: World, { facts }: Decision): Pick<PromotionStatus, 'gates'> {
  const gates = facts.gates.length > 0 ? facts.gates : (facts.history.round?.gates ?? []);
  const shown = gates.map((gate) => {
    const before = promotion.status?.gates?.find(({ name }) => name === gate.name);
    const same = gate.evidenceDigest !== undefined && before?.evidenceDigest === gate.evidenceDigest;
    return same && before.finishedAt !== undefined ? { ...gate, finishedAt: before.finishedAt } : { ...gate };
  });
  return shown.length === 0 ? {} : { gates: shown };
}

function approvalOf({ promotion }: World, { facts, count }: Decision): Pick<PromotionStatus, 'approval'> {
  const { round } = facts.history;
  if (round?.round === undefined || round.statements === undefined) return {};
  const before = promotion.status?.approval;
  const { nonce, openedAt, notAfter } = round.round;
  const votes = count === undefined ? knownVotes(before?.votes ?? [], facts.history) : votesOf(count);
  return {
    approval: {
      round: { nonce, openedAt, notAfter, record: nameOf(round) },
      statements: { ...round.statements },
      votes: votes.map((vote) => ({ ...vote })),
      quorum:
        count === undefined
          ? (before?.quorum ?? []).map((entry) => ({ ...entry }))
          : count.quorum.map(({ group, need, have }) => ({ ...(group === undefined ? {} : { group }), need, have })),
      missing: (count?.missing ?? []).map((line) => line.slice(0, 1024)),
    },
  };
}

/** Those that status has, and those of the record where a process ended before it wrote its status. */
function knownVotes(shown: StatusVotes, { approved, ended }: PromotionHistory): StatusVotes {
  const recorded = [...(approved?.votes ?? []), ...(ended?.votes ?? [])];
  const missed = recorded.filter(({ armor }) => !shown.some((vote) => vote.armor === armor));
  return [...shown, ...missed.map((vote) => ({ ...vote, valid: true, reason: 'Counted' }))].slice(0, MAX_VOTES);
}

type StatusVotes = readonly Frozen<NonNullable<NonNullable<PromotionStatus['approval']>['votes']>[number]>[];

/** Valid ones first: noise must not push them out. */
function votesOf(count: CountResult): NonNullable<NonNullable<PromotionStatus['approval']>['votes']> {
  return [...count.votes.filter(({ valid }) => valid), ...count.votes.filter(({ valid }) => !valid)]
    .slice(0, MAX_VOTES)
    .map(shownVote);
}

function shownVote(vote: VoteOutcome): NonNullable<NonNullable<PromotionStatus['approval']>['votes']>[number] {
  const [annotation] = vote.carriedBy;
  return {
    ...(annotation === undefined ? {} : { annotation: `${VOTE_PREFIX}${annotation}`.slice(0, 317) }),
    ...(vote.principal === undefined ? {} : { principal: vote.principal }),
    ...(vote.decision === undefined ? {} : { decision: vote.decision }),
    ...(vote.keyFingerprint === undefined ? {} : { keyFingerprint: vote.keyFingerprint }),
    valid: vote.valid,
    reason: vote.reason,
    message: vote.message.slice(0, 1024),
    firstSeen: vote.firstSeen,
    armor: vote.armor,
  };
}

function rolloutOf({ verdict, facts }: Decision): Pick<PromotionStatus, 'rollout'> {
  const { approved, ended, round } = facts.history;
  if (approved === undefined) return {};
  const state = ROLLOUT_STATES[verdict.phase] ?? 'Pending';
  return {
    rollout: {
      startedAt: approved.time,
      ...(ended === undefined ? {} : { finishedAt: ended.time }),
      workloads: (round?.desiredSpecs ?? []).map(({ kind, name }) => ({
        kind,
        name,
        state,
        message: verdict.message.slice(0, 1024),
      })),
    },
  };
}

const ROLLOUT_STATES: Partial<Record<Phase, 'Pending' | 'Applied' | 'Available' | 'Failed' | 'RolledBack'>> = {
  Verifying: 'Applied',
  Completed: 'Available',
  Failed: 'Failed',
  RolledBack: 'RolledBack',
};
