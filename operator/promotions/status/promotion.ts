import { annotations, type PromotionStatus } from '../../api/index.ts';
import { rfc3339 } from '../../canonical/index.ts';
import { withCondition, type Condition, type ConditionInput } from '../../kube/index.ts';
import { type Decision, type Phase, type World } from '../decide/index.ts';
import { nameOf } from '../../records/index.ts';
import { planOf } from './plan.ts';
import { countedVotes, knownVotes } from './votes.ts';

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

function approvalOf({ promotion, now }: World, { facts, count }: Decision): Pick<PromotionStatus, 'approval'> {
  const { round } = facts.history;
  const before = promotion.status?.approval;
  const votes =
    count === undefined
      ? knownVotes({
          shown: before?.votes ?? [],
          history: facts.history,
          annotations: promotion.metadata.annotations,
          now,
        })
      : countedVotes(count);
  if (round?.round === undefined || round.statements === undefined)
    return votes.length === 0 ? {} : { approval: { votes: [...votes] } };
  const { nonce, openedAt, notAfter } = round.round;
  return {
    approval: {
      round: { nonce, openedAt, notAfter, record: nameOf(round) },
      statements: { ...round.statements },
      votes: [...votes],
      quorum:
        count === undefined
          ? (before?.quorum ?? []).map((entry) => ({ ...entry }))
          : count.quorum.map(({ group, need, have }) => ({ ...(group === undefined ? {} : { group }), need, have })),
      missing: (count?.missing ?? []).map((line) => line.slice(0, 1024)),
    },
  };
}

function rolloutOf({ verdict, facts }: Decision): Pick<PromotionStatus, 'rollout'> {
  const { approved, ended, round } = facts.history;
  if (approved === undefined) return {};
  const state = ROLLOUT_STATES[verdict.phase] ?? 'Pending';
  const {
    drainsUntil,
    workloads = (round?.desiredSpecs ?? []).map((of) => ({ ...of, state, message: verdict.message })),
  } = verdict.rollout ?? {};
  return {
    rollout: {
      startedAt: approved.time,
      ...(ended === undefined ? {} : { finishedAt: ended.time }),
      ...(drainsUntil === undefined ? {} : { drainsUntil: rfc3339(drainsUntil) }),
      workloads: workloads.map((of) => ({
        kind: of.kind,
        name: of.name,
        state: of.state,
        message: of.message.slice(0, 1024),
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
