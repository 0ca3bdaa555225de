import type { PromotionReason } from '../../api/index.ts';
import { CanonicalError, rfc3339 } from '../../canonical/index.ts';
import { nameOf, outcomeEntry, promotionRef, type RecordedChange, type RecordSpec } from '../../records/index.ts';
import { countVotes, type CountResult } from '../../votes/index.ts';
import { StatementError } from '../../votes/statement/index.ts';
import { applying } from './applying.ts';
import { heldBack, waiting } from './awaiting.ts';
import { configurationExchangeable } from './configuration.ts';
import { end } from './end.ts';
import type { ChangedWorkload, Facts } from './facts.ts';
import { jobsStep } from './jobs.ts';
import { inOrder } from './plan/index.ts';
import { proofOf } from './proof.ts';
import { roundEntry, statementOf, whatChanged, type Complete } from './round.ts';
import { openedLock } from './content.ts';
import { stall, type Verdict } from './verdict.ts';
import { passedBy, policyFor } from './windows.ts';
import type { DecidingWorld } from './world.ts';

/** A decision with the count that it rests on. */
export interface Counted {
  readonly verdict: Verdict;
  readonly count?: CountResult | undefined;
}

/**
 * The last question: have people approved exactly this? (security: "Rounds", "Counting"). Opens a round when there is
 * none or when the statement, built anew, is not the round's; else counts.
 */
export function decideApproval(world: DecidingWorld, facts: Facts): Counted {
  const complete = completeOf(world, facts);
  if (complete === undefined)
    return { verdict: stall('Incomplete', 'something that the statement names is not known') };
  const asked = world.history.round && askedIn(world.history.round);
  try {
    if (asked === undefined) return { verdict: openRound(complete, []) };
    const open = statementOf(complete, pick(asked.round));
    if (open.approve === asked.statements.approve && open.reject === asked.statements.reject)
      return counted(complete, asked);
    return { verdict: openRound(complete, whatChanged(asked.statements.approve, open.approve)) };
  } catch (error) {
    if (error instanceof StatementError || error instanceof CanonicalError)
      return { verdict: stall(error.code, error.message) };
    throw error;
  }
}

function openRound(complete: Complete, because: readonly string[]): Verdict {
  const { world, facts } = complete;
  const fresh = { nonce: world.nonce, notAfter: rfc3339(facts.notAfter) };
  const statements = statementOf(complete, fresh);
  const entry = roundEntry(complete, fresh, statements, because);
  return {
    phase: 'Gating',
    reason: 'OpeningRound',
    message: because[0] ?? 'the gates have passed, votes are asked for next',
    action: { do: 'Append', entry },
  };
}

/** A round with what was asked, letter by letter. */
interface Asked {
  readonly record: RecordSpec;
  readonly round: NonNullable<RecordSpec['round']>;
  readonly statements: NonNullable<RecordSpec['statements']>;
}

/** @returns undefined for a record that has lost a part of it: it asks nothing */
function askedIn(record: RecordSpec): Asked | undefined {
  const { round, statements } = record;
  return round === undefined || statements === undefined ? undefined : { record, round, statements };
}

function counted(complete: Complete, { record, round, statements }: Asked): Counted {
  const { world, facts, policy, keyring, requestedBy } = complete;
  const count = countVotes({
    now: world.now,
    round: { ...pick(round), statements },
    earlierRounds: world.history.rounds
      .slice(0, -1)
      .flatMap((earlier) => askedIn(earlier) ?? [])
      .map((earlier) => ({ nonce: earlier.round.nonce, statements: earlier.statements })),
    keyring: keyring.spec,
    policy: policy.spec,
    requestedBy,
    annotations: world.promotion.metadata.annotations,
    seen: world.promotion.status?.approval?.votes,
  });
  const proof = proofOf(record, count, keyring);
  const outcome = (result: 'Approved' | 'Rejected', reason: PromotionReason, message: string): Verdict => ({
    phase: result,
    reason,
    message,
    action: {
      do: 'Append',
      entry: {
        ...proof,
        ...outcomeEntry({
          now: world.now,
          promotion: promotionRef(world.promotion, requestedBy),
          round: record,
          result,
          reason,
          message,
          changes: facts.changed.map(recordedChange),
        }),
      },
    },
  });
  switch (count.verdict) {
    case 'Rejected':
      return {
        count,
        verdict: outcome('Rejected', 'Rejected', `${voters(count, 'reject')} rejected it: this is final`),
      };
    case 'Approved': {
      const message = `${voters(count, 'approve')} approved it${passedBy(policy.spec, world.promotion.spec)}`;
      const held = heldBack(complete, message);
      if (held !== undefined) return { count, verdict: held };
      const { approved } = world.history;
      if (approved === undefined) return { count, verdict: outcome('Approved', 'QuorumReached', message) };
      const jobs = jobsStep(world, { round: record, approved, when: 'before' });
      if (jobs !== undefined && 'failed' in jobs)
        return {
          count,
          verdict: end(world, 'Failed', jobs.failed.reason, `${jobs.failed.message}; nothing else was changed`),
        };
      if (jobs !== undefined) return { count, verdict: jobs.verdict };
      const exchangeable = configurationExchangeable(world, facts);
      if (exchangeable !== undefined) return { count, verdict: exchangeable };
      const lock = openedLock(world, facts, nameOf(approved));
      const objects = inOrder(record.desiredObjects ?? []).flatMap(({ kind, name, content }) =>
        content === undefined ? [] : [{ do: 'ApplyObject' as const, object: { kind, name }, content }],
      );
      const workloads = (record.desiredSpecs ?? []).map((wanted) => applying(world, record, wanted));
      // Where others apply, the lock opens and that is all.
      const apply = world.target?.spec.apply === 'External' ? [] : [...objects, ...workloads];
      return {
        count,
        verdict: { phase: 'Approved', reason: 'Opening', message, action: { do: 'OpenLock', lock, apply } },
      };
    }
    case 'Waiting':
    case 'Expired':
      // Approved earlier, and a key was revoked before the lock opened: that approval must not stay open.
      return world.history.approved === undefined
        ? { count, verdict: waiting(complete, round, count) }
        : { count, verdict: openRound(complete, ['votes that had approved it do not suffice any more']) };
  }
}

/** What the digests of the statement say, and what a way back needs beside them. */
function recordedChange({ kind, name, currentDigest, desiredDigest, revision, live }: ChangedWorkload): RecordedChange {
  const { uid } = live?.metadata ?? {};
  const { replicas, suspend } = live?.spec ?? {};
  return {
    kind,
    name,
    ...(currentDigest === 'none' ? {} : { from: currentDigest }),
    ...(desiredDigest === 'none'
      ? { uid, ...(typeof replicas === 'number' ? { replicas } : {}), ...(suspend === true ? { suspend } : {}) }
      : { to: desiredDigest }),
    ...(revision === undefined ? {} : { revision }),
  };
}

function completeOf(world: DecidingWorld, facts: Facts): Complete | undefined {
  const { policy, keyring } = world;
  if (
    !('object' in policy) ||
    !('object' in keyring) ||
    facts.requestedBy === undefined ||
    !('artifacts' in facts.artifacts)
  )
    return undefined;
  return {
    world,
    facts,
    policy: { name: policy.object.metadata.name, spec: policyFor(policy.object.spec, world.promotion.spec) },
    keyring: { name: keyring.object.metadata.name, spec: keyring.object.spec },
    requestedBy: facts.requestedBy,
    artifacts: facts.artifacts.artifacts,
  };
}

function pick({ nonce, notAfter }: { readonly nonce: string; readonly notAfter: string }): {
  nonce: string;
  notAfter: string;
} {
  return { nonce, notAfter };
}

function voters(count: CountResult, decision: 'approve' | 'reject'): string {
  const names = count.votes.flatMap((vote) => (vote.valid && vote.decision === decision ? (vote.principal ?? []) : []));
  return [...new Set(names)].join(', ');
}
