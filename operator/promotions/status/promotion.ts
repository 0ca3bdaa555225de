import {
  annotations,
  gateTypes,
  maxRequest,
  promotionBounds,
  type OwnConditionType,
  type PromotionReason,
  type PromotionStatus,
} from '../../api/index.ts';
import { conditionsOf, fittedLines, type ConditionInput, type Outcome } from '../../kube/index.ts';
import type { Decision, Phase, World } from '../decide/index.ts';
import { nameOf } from '../../records/index.ts';
import { planOf } from './plan.ts';
import { rolloutOf } from './rollout.ts';
import { countedVotes, knownVotes } from './votes.ts';

type PromotionCondition = ConditionInput<PromotionReason, OwnConditionType<'Promotion'>>;

const ENDS: ReadonlySet<Phase> = new Set(['Completed', 'Rejected', 'Failed', 'RolledBack', 'Expired', 'Superseded']);
/** A promotion that a newer one replaced, or that had nothing to do, is no failure: it may stay in Git for ever. */
const CURRENT: ReadonlySet<Phase> = new Set(['Completed', 'AwaitingApproval', 'Superseded']);

/**
 * Status of a promotion: output only. Nothing here is read back, except the armor of votes, which is verified anew each
 * time, and the times at which they were seen.
 */
export function promotionStatus(world: World, decision: Decision): PromotionStatus {
  const { promotion, now, history } = world;
  const { verdict } = decision;
  const requestedAt = promotion.metadata.annotations?.[annotations.reconcileRequestedAt];
  const record = history.ended ?? history.approved ?? history.round;
  return {
    observedGeneration: promotion.metadata.generation,
    phase: verdict.phase,
    ...gatesOf(world, decision),
    ...planOf(world, decision),
    ...approvalOf(world, decision),
    ...rolloutOf(world, decision),
    ...(verdict.why === undefined || verdict.why.length === 0
      ? {}
      : { why: fittedLines(verdict.why, promotionBounds.why) }),
    ...(record === undefined ? {} : { record: nameOf(record) }),
    ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt.slice(0, maxRequest) }),
    conditions: conditionsOf(promotion, outcomeOf(decision), ownConditions(world, decision), now),
  };
}

/** Current while it waits for people: accepted and healthy; Flux and Argo CD would call anything else a failure. */
function outcomeOf({ verdict: { phase, stalled, reason, message } }: Decision): Outcome<PromotionReason> {
  if (stalled === true) return { kstatus: 'Failed', reason, message };
  if (CURRENT.has(phase)) return { kstatus: 'Current', reason, message };
  return { kstatus: ENDS.has(phase) ? 'Failed' : 'InProgress', reason, message };
}

function ownConditions({ history }: World, { verdict, facts }: Decision): readonly PromotionCondition[] {
  const { phase, reason, message } = verdict;
  const gates = facts?.gates ?? [];
  const passed = history.round !== undefined || (gates.length > 0 && gates.every(({ result }) => result === 'Passed'));
  return [
    passed && phase !== 'Gating'
      ? { type: 'GatesPassed', status: 'True', reason: 'GatesPassed', message: 'every gate passed' }
      : { type: 'GatesPassed', status: 'False', reason, message },
    history.approved === undefined
      ? { type: 'Approved', status: 'False', reason, message }
      : {
          type: 'Approved',
          status: 'True',
          reason: 'QuorumReached',
          message: history.approved.outcome?.message ?? 'the votes suffice',
        },
    { type: 'RolledOut', status: phase === 'Completed' ? 'True' : 'False', reason, message },
  ];
}

/** Those that were run now, else those that the round was opened with. The same sight again is no news. */
function gatesOf({ promotion, history }: World, { facts }: Decision): Pick<PromotionStatus, 'gates'> {
  const all = facts !== undefined && facts.gates.length > 0 ? facts.gates : (history.round?.gates ?? []);
  // The schema takes no type that this version does not know; the verdict says what is wrong with it.
  const gates = all.filter(({ type }) => gateTypes.includes(type));
  const shown = gates.map((gate) => {
    const before = promotion.status?.gates?.find(({ name }) => name === gate.name);
    const same = gate.evidenceDigest !== undefined && before?.evidenceDigest === gate.evidenceDigest;
    return same && before.finishedAt !== undefined ? { ...gate, finishedAt: before.finishedAt } : { ...gate };
  });
  const windows = (facts?.windows?.windows ?? []).map((window) => ({ ...window, type: 'Window' as const }));
  const both = [...shown, ...windows];
  return both.length === 0 ? {} : { gates: both };
}

function approvalOf({ promotion, now, history }: World, { count }: Decision): Pick<PromotionStatus, 'approval'> {
  const { round } = history;
  const before = promotion.status?.approval;
  const votes =
    count === undefined
      ? knownVotes({
          shown: before?.votes ?? [],
          history,
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
      missing: fittedLines(count?.missing ?? [], promotionBounds.missing),
    },
  };
}
