import type { Client, Clock, EventRecorder, Logger } from '../../kube/index.ts';
import {
  annotationsChanged,
  anyOf,
  Controller,
  generationChanged,
  watchFor,
  watchMapped,
  type Manager,
  type Request,
} from '../../runtime/index.ts';
import {
  FollowedPods,
  FollowedWorkloads,
  followPolicies,
  releaser,
  TargetReader,
  TargetReconciler,
  type Canary,
} from '../../targets/index.ts';
import { RecordMirror, RecordStore } from '../../records/index.ts';
import { labels, type WorkloadLock } from '../../api/index.ts';
import type { World } from '../decide/index.ts';
import { keyringReconciler } from '../keyrings/index.ts';
import { Actor } from '../act/actor.ts';
import { affectedPromotions } from './affected.ts';
import { followAll } from '../gather/caches.ts';
import { wireCanary } from './canary.ts';
import { promotionMetrics } from './metrics.ts';
import { WorldReader } from '../gather/world.ts';
import { PromotionReconciler } from './reconcile.ts';
import { promotionWatches } from './watches.ts';

export interface WireOptions {
  readonly manager: Manager;
  readonly client: Client;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly clock: Clock;
  /** The operator's own. */
  readonly systemNamespace: string;
  readonly cluster: World['cluster'];
  readonly nonce: () => string;
  /** Who may write into running pods in every protected namespace. Default nobody. */
  readonly podWriters?: WorkloadLock['spec']['podWriters'] | undefined;
}

const PROMOTION_WORKERS = 4;
const TARGET_WORKERS = 2;

/** Puts the process together: caches, canary, the controllers of targets, promotions and released namespaces. */
export function wirePromotions(options: WireOptions): void {
  const { manager, client, logger, events, clock, systemNamespace, cluster, nonce, podWriters } = options;
  const { cache, metrics } = manager;
  const caches = followAll(cache);
  const { targets, promotions, locks } = caches;
  const records = new RecordStore({ client, informer: caches.records });
  const mirror = new RecordMirror(caches.records, clock, (record) => logger.info({ record }, 'promotion record'));

  const enqueueTargets = (namespace: string): void => {
    for (const request of requestsOf(targets.lister.list(namespace))) targetController.enqueue(request);
  };
  const requeue = (namespace: string): void => {
    enqueueTargets(namespace);
    for (const request of requestsOf(promotions.lister.list(namespace))) promotionController.enqueue(request);
  };
  const installed = followPolicies(cache, systemNamespace, () => canary.wake());
  const canary: Canary = wireCanary({
    client,
    clock,
    logger,
    events,
    installed,
    targets,
    locks,
    namespaces: caches.namespaces,
    onChange: requeue,
  });
  const own = promotionMetrics({
    metrics,
    promotions: promotions.lister,
    targets: targets.lister,
    enforcement: (namespace) => canary.state(namespace),
    mutators: () => installed.mutators().length,
  });

  const affected = affectedPromotions(promotions, records);
  const followed = new FollowedWorkloads(cache, (namespace, change) => {
    if (change !== 'progress') enqueueTargets(namespace);
    for (const request of affected(namespace, change)) promotionController.enqueue(request);
  });
  const followedPods = new FollowedPods(cache, (namespace) => {
    enqueueTargets(namespace);
    for (const request of affected(namespace, 'progress')) promotionController.enqueue(request);
  });
  const targetReader = new TargetReader({
    client,
    targets,
    promotions,
    records,
    followed,
    pods: followedPods,
    canary,
    clock,
    podWriters,
  });
  const targetController = new Controller({
    name: 'productiontargets',
    logger,
    metrics,
    clock,
    maxConcurrentReconciles: TARGET_WORKERS,
    watches: [
      // A target's neighbours too: one workload has one target, and the lock is one for the namespace.
      watchMapped(
        targets,
        ({ metadata }) => [
          { namespace: metadata.namespace, name: metadata.name },
          ...requestsOf(targets.lister.list(metadata.namespace ?? '')),
        ],
        anyOf(generationChanged, annotationsChanged),
      ),
      watchMapped(locks, ({ metadata }) => requestsOf(targets.lister.list(metadata.namespace ?? ''))),
      watchMapped(caches.records, ({ metadata, spec }) => [{ namespace: metadata.namespace, name: spec.target.name }]),
      watchMapped(caches.namespaces, ({ metadata }) => requestsOf(targets.lister.list(metadata.name))),
      // Only the end of a promotion matters here: one that goes during its rollout.
      watchMapped(promotions, ({ metadata, spec }) => [{ namespace: metadata.namespace, name: spec.targetRef.name }], {
        add: () => false,
        update: () => false,
      }),
    ],
    reconcile: new TargetReconciler({
      client,
      reader: targetReader,
      records,
      targets,
      events,
      onTampered: () => own.tampered.inc(),
    }).reconcile,
  });
  const promotionController = new Controller({
    name: 'promotions',
    logger,
    metrics,
    clock,
    maxConcurrentReconciles: PROMOTION_WORKERS,
    watches: promotionWatches(caches),
    reconcile: new PromotionReconciler({
      client,
      promotions,
      events,
      reader: new WorldReader({ client, caches, records, followed, canary, clock, cluster, nonce }),
      actor: new Actor({ client, records, canary, events, clock, absorb: (lock) => locks.absorb(lock) }),
      monotonic: () => clock.monotonic(),
      onRolledOut: (milliseconds) => own.voteToRollout.observe(milliseconds / 1000),
    }).reconcile,
  });
  const keyringController = new Controller({
    name: 'approverkeyrings',
    logger,
    metrics,
    clock,
    watches: [watchFor(caches.keyrings, generationChanged)],
    reconcile: keyringReconciler({ client, keyrings: caches.keyrings, clock }),
  });
  const releaseController = new Controller({
    name: 'released-namespaces',
    logger,
    metrics,
    clock,
    watches: [
      watchMapped(locks, ({ metadata }) => [{ name: metadata.namespace ?? '' }]),
      watchMapped(targets, ({ metadata }) => [{ name: metadata.namespace ?? '' }], {
        add: () => false,
        update: () => false,
      }),
      // One that is made with the label already set: restored from a backup, copied.
      watchMapped(caches.namespaces, ({ metadata }) =>
        metadata.labels?.[labels.protected] === undefined ? [] : [{ name: metadata.name }],
      ),
    ],
    reconcile: releaser({ client, records, events, logger }),
  });
  for (const runnable of [mirror, canary, targetController, promotionController, keyringController, releaseController])
    manager.add(runnable);
}

function requestsOf(found: readonly { readonly metadata: Request }[]): readonly Request[] {
  return found.map(({ metadata: { namespace, name } }) => ({ namespace, name }));
}
