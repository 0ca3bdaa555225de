import type { Frozen, TwinEnvironment, TwinEnvironmentStatus } from '../../api/index.ts';
import { annotations } from '../../api/index.ts';
import type { Lifetime } from '../decide/lifecycle/index.ts';
import {
  conditionsOf,
  exposed,
  isolated,
  list,
  refused,
  says,
  twinsReady,
  twinsWired,
  type Says,
} from './conditions.ts';
import type { Situation } from './situation.ts';
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
  const told = tell(environment, situation);
  const requestedAt = metadata.annotations?.[annotations.reconcileRequestedAt] ?? previous?.lastHandledReconcileAt;
  const lifetime = 'lifetime' in situation ? situation.lifetime : undefined;
  return {
    observedGeneration: metadata.generation,
    ...told.status,
    ...timesOf(lifetime, previous),
    ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt.slice(0, 256) }),
    conditions: conditionsOf(previous?.conditions, told.conditions, metadata.generation, now),
  };
}

interface Told {
  readonly status: Status;
  readonly conditions: readonly Says[];
}

function tell(environment: TwinEnvironment, situation: Situation): Told {
  const { status: previous } = environment;
  switch (situation.kind) {
    case 'Refused':
      return { status: { ...kept(previous), phase: 'Failed' }, conditions: refused(situation.problems) };
    case 'Queued': {
      const message = `TwinClass ${situation.className} has no room; position ${situation.position} in the queue`;
      return {
        status: { phase: 'Queued', queue: { position: situation.position } },
        conditions: [
          says('Ready', 'False', 'Queued', message),
          says('Reconciling', 'True', 'Queued', message),
          says('Admitted', 'False', 'Queued', message),
        ],
      };
    }
    case 'Suspended': {
      const message = 'Suspended before anything was made; set suspend: false';
      return { status: { phase: 'Provisioning' }, conditions: [says('Ready', 'False', 'Suspended', message)] };
    }
    case 'Blocked': {
      const { reason, message } = situation.problem;
      return {
        status: { phase: situation.final ? 'Failed' : 'Provisioning' },
        conditions: [
          says('Ready', 'False', reason, message),
          says(situation.final ? 'Stalled' : 'Reconciling', 'True', reason, message),
          says('Admitted', 'True', 'Admitted', 'The class takes the environment'),
        ],
      };
    }
    case 'Active':
      return active(environment, situation);
    case 'Terminating': {
      const message =
        situation.left.length === 0 ? 'Everything is gone' : removalMessage(situation.blockers, situation.left.length);
      return {
        status: { ...ending(situation), phase: 'Terminating' },
        conditions: [
          says('Ready', 'False', 'Terminating', message),
          says('Reconciling', 'True', 'Terminating', message),
        ],
      };
    }
    case 'Expired': {
      const gone = situation.left.length === 0;
      const message = gone
        ? `Expired; a change of the spec or a new value of the annotation ${annotations.extendAt} brings it back until ttl.max`
        : removalMessage(situation.blockers, situation.left.length);
      return {
        status: { ...ending(situation), phase: 'Expired' },
        conditions: [
          says('Ready', 'False', 'Expired', message),
          ...(gone ? [] : [says('Reconciling', 'True', 'Expired', message)]),
        ],
      };
    }
  }
}

function active(environment: TwinEnvironment, situation: Active): Told {
  const { plan, parts, rejected, inventory, bounded } = situation;
  const summary = summarize(plan, parts, situation.reports);
  const twins = twinsReady(summary);
  const wired = twinsWired(summary);
  const door = exposed(parts, bounded);
  const behind = summary.workloads.filter(({ state }) => !state.ready);
  const { revision } = environment.spec.source ?? {};
  const failed =
    [...summary.workloads, ...summary.services].some(({ state }) => !state.ready && state.failed) ||
    door.reason === 'BoundaryFailed';
  const ready = readiness(situation, { twins, wired, door, behind: list('workload', behind), failed });
  const stalled = rejected.length > 0 || failed;
  const waiting = ready.status !== 'True' && !stalled && ready.reason !== wired.reason;
  return {
    status: {
      phase: ready.status === 'True' ? 'Ready' : stalled ? 'Failed' : 'Provisioning',
      namespace: plan.home.namespace,
      ...(plan.url === undefined ? {} : { url: plan.url }),
      ...(revision === undefined ? {} : { observedRevision: revision }),
      services: serviceStatuses(plan, summary),
      workloads: workloadStatuses(plan, summary),
      inventory,
    },
    conditions: [
      ready,
      ...(waiting ? [says('Reconciling', 'True', ready.reason, ready.message)] : []),
      ...(stalled ? [says('Stalled', 'True', ready.reason, ready.message)] : []),
      says('Admitted', 'True', 'Admitted', 'The class takes the environment'),
      twins,
      wired,
      isolated(situation.policiesEnforced),
      door,
    ],
  };
}

interface Readings {
  readonly twins: Says;
  readonly wired: Says;
  readonly door: Says;
  /** What workloads wait for; empty when all are ready. */
  readonly behind: string;
  readonly failed: boolean;
}

/** The first thing that is missing, in the order in which a person would look. */
function readiness({ rejected, suspended, bounded }: Active, { twins, wired, door, behind, failed }: Readings): Says {
  const [first] = rejected;
  if (first !== undefined) return not(first.reason, rejected.map(({ message }) => message).join('; '));
  if (twins.status !== 'True') return not(twins.reason, twins.message);
  if (behind !== '') return not(failed ? 'WorkloadFailed' : 'WorkloadNotReady', behind);
  if (wired.status === 'False') return not(wired.reason, wired.message);
  if (bounded && door.status !== 'True') return not(door.reason, door.message);
  return says('Ready', 'True', 'Ready', suspended ? 'Everything runs; suspended' : 'Everything runs');
}

function not(reason: string, message: string): Says {
  return says('Ready', 'False', reason, message);
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
    ...(blockers.length === 0 ? {} : { blockedBy: blockers.slice(0, 64) }),
  };
}

/** What still holds while a new spec is refused: what was made before is there. */
function kept(previous: Status | undefined): Status {
  const { namespace, url, services, workloads, inventory } = previous ?? {};
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(url === undefined ? {} : { url }),
    ...(services === undefined ? {} : { services }),
    ...(workloads === undefined ? {} : { workloads }),
    ...(inventory === undefined ? {} : { inventory }),
  };
}

function timesOf(lifetime: Lifetime | undefined, previous: Status | undefined): Status {
  if (lifetime === undefined) {
    const { lastActivityAt, expiresAt, lastHandledExtendAt } = previous ?? {};
    return {
      ...(lastActivityAt === undefined ? {} : { lastActivityAt }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(lastHandledExtendAt === undefined ? {} : { lastHandledExtendAt }),
    };
  }
  const { lastActivityAt, expiresAt, handledExtendAt } = lifetime;
  return {
    lastActivityAt: time(lastActivityAt),
    ...(expiresAt === undefined ? {} : { expiresAt: time(expiresAt) }),
    ...(handledExtendAt === undefined ? {} : { lastHandledExtendAt: handledExtendAt }),
  };
}

/** RFC 3339 with seconds, as Kubernetes writes times. */
function time(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
