import type { EnvironmentReason, Frozen, TwinEnvironment, TwinEnvironmentStatus } from '../../api/index.ts';
import { annotations, conditionOf, environmentBounds, maxRequest } from '../../api/index.ts';
import { conditionsOf } from '../../kube/index.ts';
import { awake, sleeping } from './awake.ts';
import {
  admitted,
  condition,
  expiring,
  exposed,
  isolated,
  list,
  twinsReady,
  twinsWired,
  type EnvironmentCondition,
  type EnvironmentOutcome,
} from './conditions.ts';
import type { Situation } from '../decide/situation.ts';
import { chosen, retained, timesOf } from './kept.ts';
import { serviceStatuses, summarize, workloadStatuses } from './summary.ts';

type Status = Frozen<TwinEnvironmentStatus>;
type Active = Extract<Situation, { kind: 'Active' }>;

/**
 * The whole status of an environment. Equal situations give equal statuses, so that a converged world writes none.
 *
 * @param now milliseconds since the epoch; appears only where a condition changed
 */
export function statusOf(environment: TwinEnvironment, situation: Situation, now: number): Status {
  const { metadata, status: previous } = environment;
  const { status, outcome, conditions } = assessmentOf(environment, situation);
  const requestedAt = metadata.annotations?.[annotations.reconcileRequestedAt] ?? previous?.lastHandledReconcileAt;
  // Acted on once what it asks for was planned and sent.
  const told = situation.kind === 'Active' ? metadata.annotations?.[annotations.renewTwinsAt] : undefined;
  const renewedAt = told ?? previous?.lastHandledRenewTwinsAt;
  const lifetime = 'lifetime' in situation ? situation.lifetime : undefined;
  return {
    observedGeneration: metadata.generation,
    ...status,
    ...timesOf(lifetime, previous),
    ...(renewedAt === undefined ? {} : { lastHandledRenewTwinsAt: renewedAt.slice(0, maxRequest) }),
    ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt.slice(0, maxRequest) }),
    conditions: conditionsOf(
      environment,
      outcome,
      [...conditions, ...(lifetime === undefined ? [] : expiring(lifetime))],
      now,
    ),
  };
}

interface Assessment {
  readonly status: Status;
  readonly outcome: EnvironmentOutcome;
  /** Those beside what the outcome gives. */
  readonly conditions: readonly EnvironmentCondition[];
}

function assessmentOf(environment: TwinEnvironment, situation: Situation): Assessment {
  const { status: previous } = environment;
  switch (situation.kind) {
    case 'Refused': {
      const [first] = situation.problems;
      const reason = first?.reason ?? 'Invalid';
      const message = situation.problems.map((each) => each.message).join('; ');
      return {
        status: { ...retained(previous), phase: 'Failed' },
        outcome: { kstatus: 'Failed', reason, message },
        conditions: [condition('Admitted', 'False', reason, message)],
      };
    }
    case 'Queued': {
      const message = `TwinClass ${situation.className} has no room; position ${situation.position} in the queue`;
      return {
        status: { ...chosen(previous), phase: 'Queued', queue: { position: situation.position } },
        outcome: { kstatus: 'InProgress', reason: 'Queued', message },
        conditions: [condition('Admitted', 'False', 'Queued', message)],
      };
    }
    case 'Suspended': {
      // Nothing is made until somebody resumes it: a health check that waited for it would wait for ever.
      const message = 'Suspended before anything was made; set suspend: false';
      return {
        status: { ...chosen(previous), phase: 'Provisioning' },
        outcome: { kstatus: 'Failed', reason: 'Suspended', message },
        conditions: [],
      };
    }
    case 'Blocked': {
      const { final, problem } = situation;
      return {
        status: { ...chosen(previous), phase: final ? 'Failed' : 'Provisioning' },
        outcome: { kstatus: final ? 'Failed' : 'InProgress', ...problem },
        conditions: [admitted],
      };
    }
    case 'NotApplied': {
      // What was made before is there; what runs of it was not looked at, and nobody is to rely on it.
      const { phase, answer } = situation;
      const message = `It is tried again; the API server answered: ${answer}`;
      return {
        status: { ...retained(previous), phase },
        outcome: { kstatus: 'InProgress', reason: 'NotApplied', message },
        conditions: phase === 'Provisioning' ? [admitted] : [],
      };
    }
    case 'Active':
      return active(environment, situation);
    case 'Terminating': {
      const message =
        situation.left.length === 0 ? 'Everything is gone' : removalMessage(situation.blockers, situation.left.length);
      return {
        status: { ...ending(situation), phase: 'Terminating' },
        outcome: { kstatus: 'InProgress', reason: 'Terminating', message },
        conditions: [],
      };
    }
    case 'Expired': {
      const gone = situation.left.length === 0;
      const message = gone
        ? `Expired; a change of the spec or a new value of the annotation ${annotations.extendAt} brings it back until ttl.max`
        : removalMessage(situation.blockers, situation.left.length);
      return {
        status: { ...ending(situation), phase: 'Expired' },
        outcome: { kstatus: gone ? 'Failed' : 'InProgress', reason: 'Expired', message },
        conditions: [],
      };
    }
  }
}

/** What runs: nothing that could be looked at. */
function asleep(message: string): readonly EnvironmentCondition[] {
  return [
    condition('TwinsReady', 'False', 'Sleeping', message),
    condition('TwinsWired', 'Unknown', 'Sleeping', message),
    condition('Exposed', 'False', 'Sleeping', message),
  ];
}

const PHASES = { Current: 'Ready', InProgress: 'Provisioning', Failed: 'Failed' } as const;

function active(environment: TwinEnvironment, situation: Active): Assessment {
  const { plan, parts, inventory } = situation;
  const summary = summarize(plan, parts, situation.reports, environment.status);
  const twins = twinsReady(summary);
  const wired = twinsWired(summary, conditionOf(environment, 'TwinsWired'));
  const boundary = exposed(situation, conditionOf(environment, 'Exposed'));
  const behind = summary.workloads.filter(({ state }) => !state.ready);
  const { revision } = environment.spec.source ?? {};
  const failed =
    [...summary.workloads, ...summary.services].some(({ state }) => !state.ready && state.failed) ||
    boundary.reason === 'BoundaryFailed';
  const sleeps = sleeping(situation);
  const outcome = outcomeOf(situation, { sleeps, twins, wired, boundary, behind: list('workload', behind), failed });
  return {
    status: {
      phase: outcome.reason === 'Sleeping' ? 'Sleeping' : PHASES[outcome.kstatus],
      namespace: plan.home.namespace,
      ...(plan.url === undefined ? {} : { url: plan.url }),
      ...(revision === undefined ? {} : { observedRevision: revision }),
      services: serviceStatuses(plan, summary),
      workloads: workloadStatuses(plan, summary),
      ...reachedOf(situation, environment.status),
      ...(situation.copied.length === 0 ? {} : { copied: situation.copied }),
      inventory,
    },
    outcome,
    conditions: [
      admitted,
      ...(sleeps === undefined ? [twins, wired, boundary] : asleep(sleeps)),
      isolated(situation.policiesEnforced),
      ...awake(situation),
    ],
  };
}

/** Kept as long as it is not known otherwise. */
function reachedOf({ reach }: Active, before: Status | undefined): Pick<Status, 'reached'> {
  const kept = reach.kind === 'Waiting' && reach.asBefore ? before?.reached : undefined;
  const reached = reach.kind === 'Reached' ? reach.digest : kept;
  return reached === undefined ? {} : { reached };
}

interface Readings {
  /** Why it sleeps; undefined while it is awake. */
  readonly sleeps: string | undefined;
  readonly twins: EnvironmentCondition;
  readonly wired: EnvironmentCondition;
  readonly boundary: EnvironmentCondition;
  /** What workloads wait for; empty when all are ready. */
  readonly behind: string;
  /** A part will not get on by itself. */
  readonly failed: boolean;
}

/** The first thing that is missing, in the order in which a person would look. */
function outcomeOf(
  { rejected, suspended, bounded }: Active,
  { sleeps, twins, wired, boundary, behind, failed }: Readings,
): EnvironmentOutcome {
  const not = (reason: EnvironmentReason, message: string, final = failed): EnvironmentOutcome => ({
    kstatus: final ? 'Failed' : 'InProgress',
    reason,
    message,
  });
  const [first] = rejected;
  if (first !== undefined) return not(first.reason, rejected.map(({ message }) => message).join('; '), true);
  // Nothing becomes ready by itself until it wakes, which may be in the morning: nobody is to wait for that.
  if (sleeps !== undefined) return not('Sleeping', sleeps, true);
  if (twins.status !== 'True') return not(twins.reason, twins.message);
  if (behind !== '') return not(failed ? 'WorkloadFailed' : 'WorkloadNotReady', behind);
  // Everything runs, and not as planned: no pod changes that by itself.
  if (wired.status === 'False') return not(wired.reason, wired.message, true);
  if (bounded && boundary.status !== 'True') return not(boundary.reason, boundary.message);
  const message = suspended ? 'Everything runs; suspended' : 'Everything runs';
  return { kstatus: 'Current', reason: 'Ready', message };
}

function removalMessage(blockers: readonly { readonly message: string }[], left: number): string {
  if (blockers.length === 0) return `Waiting until ${left} object(s) of the inventory are gone`;
  return `Blocked: ${blockers.map(({ message }) => message).join('; ')}`;
}

function ending({ blockers, left }: Extract<Situation, { kind: 'Terminating' | 'Expired' }>): Status {
  const namespace = left.find(({ kind }) => kind === 'Namespace')?.name;
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(left.length === 0 ? {} : { inventory: left }),
    ...(blockers.length === 0 ? {} : { blockedBy: blockers.slice(0, environmentBounds.blockedBy) }),
  };
}
