import { labels, protections, workloadLockName, type ProductionTarget, type WorkloadLock } from '../../api/index.ts';
import type { Client, Clock, EventRecorder, Informer, Logger, Namespace } from '../../kube/index.ts';
import { Canary } from './canary.ts';
import type { FollowedPolicies } from './installed.ts';
import { mutatorLine } from './mutators.ts';
import type { Enforcement } from './probe.ts';
import { replacementLine } from './replacement.ts';

export interface CanaryWireOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly installed: FollowedPolicies;
  readonly targets: Informer<ProductionTarget>;
  readonly locks: Informer<WorkloadLock>;
  readonly namespaces: Informer<Namespace>;
  /** Targets as they count. */
  readonly inForce: { target(live: ProductionTarget): ProductionTarget | undefined };
  /** What decides in this namespace changed. */
  readonly onChange: (namespace: string) => void;
}

/** Makes the canary from the caches, and tells what it sees: in the log, and as events of the targets. */
export function wireCanary(options: CanaryWireOptions): Canary {
  const { client, clock, logger, events, installed, targets, locks, namespaces, inForce, onChange } = options;
  const tell = (about: readonly ProductionTarget[], type: 'Normal' | 'Warning', reason: string, note: string): void => {
    for (const regarding of about) events.record({ regarding, type, reason, action: 'Look', note });
  };
  const canary = new Canary({
    client,
    clock,
    logger,
    drift: installed.drift,
    mutators: installed.mutators,
    namespaces: () => locks.lister.list().map(({ metadata }) => metadata.namespace ?? ''),
    watched: (namespace) => {
      const lock = locks.lister.get({ namespace, name: workloadLockName });
      return {
        warn:
          isMeant(targets.lister.list(namespace).flatMap((target) => inForce.target(target) ?? [])) &&
          labelOf(namespaces.lister.get({ name: namespace })) === protections.warn,
        approved: lock?.spec.approved ?? [],
        objects: lock?.spec.objects,
      };
    },
    onChange: (namespace, now, before) => {
      tellEnforcement(logger, namespace, now, before);
      if (now.podsRefused !== before?.podsRefused) {
        const here = targets.lister.list(namespace);
        if (now.podsRefused !== undefined) {
          logger.error({ namespace, reason: now.podsRefused }, 'a pod of approved content is refused');
          tell(here, 'Warning', 'PodsRefused', replacementLine(now.podsRefused));
        } else if (before !== undefined) {
          logger.info({ namespace }, 'pods of approved content are let in again');
          tell(here, 'Normal', 'PodsAdmitted', 'pods of approved content are let in again');
        }
      }
      onChange(namespace);
    },
    onMutators: (found) => {
      for (const mutator of found) {
        const { kind, name, changes } = mutator;
        logger.error({ kind, name, changes }, 'something may change what the operator writes or runs on its way in');
        tell(targets.lister.list(), 'Warning', 'MutatorFound', mutatorLine(mutator));
      }
    },
  });
  namespaces.addHandler({
    update: (now, before) => {
      if (labelOf(now) !== labelOf(before)) canary.wake();
    },
  });
  return canary;
}

function labelOf(namespace: Namespace | undefined): string | undefined {
  return namespace?.metadata.labels?.[labels.protected];
}

/** A label alone would silence the canary: that nothing is refused must be what every target asks for. */
function isMeant(targets: readonly ProductionTarget[]): boolean {
  return targets.length > 0 && targets.every(({ spec }) => spec.mode === 'Warn');
}

function tellEnforcement(logger: Logger, namespace: string, now: Enforcement, before: Enforcement | undefined): void {
  if (now.active === before?.active && now.message === before.message) return;
  const about = { namespace, reason: now.message };
  if (now.active) {
    if (now.message !== '') logger.warn(about, 'another rule answers before the lock');
  } else if (now.warn === true && now.drifted !== true) logger.info(about, 'the lock warns and refuses nothing');
  else logger.error(about, 'the lock is not enforced');
}
