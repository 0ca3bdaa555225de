import {
  labels,
  type ProductionTarget,
  type Promotion,
  type PromotionRecord,
  type WorkloadLock,
} from '../api/index.ts';
import type { Informer, Namespace } from '../kube/index.ts';
import { annotationsChanged, anyOf, generationChanged, requestOf, watchMapped, type Watch } from '../runtime/index.ts';

/** What is followed for targets. */
export interface TargetInformers {
  readonly targets: Informer<ProductionTarget>;
  readonly promotions: Informer<Promotion>;
  readonly locks: Informer<WorkloadLock>;
  readonly records: Informer<PromotionRecord>;
  readonly namespaces: Informer<Namespace>;
}

/** What asks for a target to be looked at again. */
export function targetWatches({ targets, locks, records, namespaces, promotions }: TargetInformers): readonly Watch[] {
  return [
    // A target's neighbours too: one workload has one target, and the lock is one for the namespace.
    watchMapped(
      targets,
      (target) => [requestOf(target), ...targets.lister.list(target.metadata.namespace ?? '').map(requestOf)],
      anyOf(generationChanged, annotationsChanged),
    ),
    watchMapped(locks, ({ metadata }) => targets.lister.list(metadata.namespace ?? '').map(requestOf)),
    watchMapped(records, ({ metadata, spec }) => [{ namespace: metadata.namespace, name: spec.target.name }]),
    watchMapped(namespaces, ({ metadata }) => targets.lister.list(metadata.name).map(requestOf)),
    // Only the end of a promotion matters here: one that goes during its rollout, or ran out without a record.
    watchMapped(promotions, ({ metadata, spec }) => [{ namespace: metadata.namespace, name: spec.targetRef.name }], {
      ...onlyItsEnd,
      update: (before, after) => before.status?.phase !== 'Expired' && after.status?.phase === 'Expired',
    }),
  ];
}

/** What asks for a namespace to be looked at that may be protected no more; the request's name is the namespace. */
export function releaseWatches({ locks, targets, namespaces }: TargetInformers): readonly Watch[] {
  return [
    watchMapped(locks, ({ metadata }) => [{ name: metadata.namespace ?? '' }]),
    watchMapped(targets, ({ metadata }) => [{ name: metadata.namespace ?? '' }], onlyItsEnd),
    // One that is made with the label already set: restored from a backup, copied.
    watchMapped(namespaces, ({ metadata }) =>
      metadata.labels?.[labels.protected] === undefined ? [] : [{ name: metadata.name }],
    ),
  ];
}

/** What asks what a namespace leaves behind; the request's name is the namespace. */
export function unreferencedWatches({ locks, records }: TargetInformers): readonly Watch[] {
  return [
    watchMapped(locks, ({ metadata }) => [{ name: metadata.namespace ?? '' }]),
    // The end of a rollout writes no lock.
    watchMapped(records, ({ metadata, spec }) =>
      spec.outcome === undefined ? [] : [{ name: metadata.namespace ?? '' }],
    ),
  ];
}

const onlyItsEnd = { add: (): boolean => false, update: (): boolean => false };
