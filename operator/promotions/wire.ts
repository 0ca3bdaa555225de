import type { Client, Clock, EventRecorder, Logger } from '../kube/index.ts';
import { Controller, requestOf, type Manager, type Request } from '../runtime/index.ts';
import { wireTargets } from '../targets/index.ts';
import { RecordMirror, RecordStore } from '../records/index.ts';
import type { DefinedKind, WorkloadLock } from '../api/index.ts';
import { ObjectTypes } from '../objects/index.ts';
import type { ClusterIdentity } from './decide/index.ts';
import { AsWritten, Sealing, trustWatches, wireTrust, type TrustTerms } from '../trust/index.ts';
import { Heads, headsMetrics, headsReconciler, headsWatches } from './heads/index.ts';
import { retentionReconciler, retentionWatches } from './retention/index.ts';
import { keyringReconciler } from './keyrings/index.ts';
import { Actor } from './act/actor.ts';
import { affectedPromotions } from './affected.ts';
import { followAll } from './gather/caches.ts';
import { promotionMetrics } from './metrics.ts';
import { WorldReader } from './gather/world.ts';
import { promotionReconcile } from './reconcile.ts';
import { promotionWatches } from './watches.ts';

export interface WireOptions {
  readonly manager: Manager;
  readonly client: Client;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly clock: Clock;
  /** The operator's own. */
  readonly systemNamespace: string;
  readonly cluster: ClusterIdentity;
  readonly nonce: () => string;
  /** Left out: trust is not sealed. */
  readonly trust?: Omit<TrustTerms, 'cluster'> | undefined;
  /** Who may write into running pods in every protected namespace. Default nobody. */
  readonly podWriters?: WorkloadLock['spec']['podWriters'] | undefined;
  /** Kinds of objects that targets may list beside the known ones. Default none. */
  readonly kinds?: readonly DefinedKind[] | undefined;
}

const PROMOTION_WORKERS = 4;

/** Puts the process together: caches, what guards production, the controllers of promotions and keyrings. */
export function wirePromotions(options: WireOptions): void {
  const {
    manager,
    client,
    logger,
    events,
    clock,
    systemNamespace,
    cluster,
    nonce,
    podWriters,
    trust,
    kinds = [],
  } = options;
  const { cache, metrics } = manager;
  const caches = followAll(cache);
  const { promotions, locks } = caches;
  const records = new RecordStore({ client, informer: caches.records });
  const heads = new Heads({ client, namespace: systemNamespace, cluster: cluster.uid });
  const sealing =
    trust &&
    new Sealing({
      records,
      terms: { ...trust, cluster },
      namespace: systemNamespace,
      clock,
      lastSigned: (chain, signal) => heads.last(chain, signal),
    });
  const types = new ObjectTypes(kinds);
  const inForce = sealing ?? new AsWritten(client, caches.policies);
  const mirror = new RecordMirror(caches.records, clock, (logged) => logger.info(logged, 'promotion record'));

  const affected = affectedPromotions({ promotions, locks, records });
  const enqueue = (requests: readonly Request[]): void => {
    for (const request of requests) promotionController.enqueue(request);
  };
  const { canary, followed, runnables } = wireTargets({
    client,
    cache,
    logger,
    metrics,
    events,
    clock,
    records,
    informers: caches,
    systemNamespace,
    podWriters,
    kinds,
    types,
    inForce,
    onEnforcement: (namespace) => enqueue(promotions.lister.list(namespace).map(requestOf)),
    onWorkload: (namespace, change) => enqueue(affected(namespace, change)),
    onPods: (namespace) => enqueue(affected(namespace, 'progress')),
  });
  const { voteToRollout } = promotionMetrics({ metrics, promotions: promotions.lister });
  const promotionController = new Controller({
    name: 'promotions',
    logger,
    metrics,
    clock,
    maxConcurrentReconciles: PROMOTION_WORKERS,
    watches: promotionWatches(caches),
    reconcile: promotionReconcile({
      client,
      promotions,
      events,
      reader: new WorldReader({
        client,
        caches,
        records,
        followed,
        canary,
        clock,
        types,
        cluster,
        systemNamespace,
        inForce,
        nonce,
      }),
      actor: new Actor({ client, records, canary, events, clock, types, absorb: (lock) => locks.absorb(lock) }),
      monotonic: () => clock.monotonic(),
      onRolledOut: (milliseconds) => voteToRollout.observe(milliseconds / 1000),
    }),
  });
  const keyringController = new Controller({
    name: 'approverkeyrings',
    logger,
    metrics,
    clock,
    watches: trustWatches(caches.keyrings, caches.records),
    reconcile: keyringReconciler({ client, keyrings: caches.keyrings, clock, sealing }),
  });
  const departed = new Map<string, string>();
  headsMetrics(metrics, departed);
  const headsController = new Controller({
    name: 'record-heads',
    logger,
    metrics,
    clock,
    watches: headsWatches(caches.records),
    reconcile: headsReconciler({
      records,
      heads,
      cluster: cluster.uid,
      targets: caches.targets,
      events,
      logger,
      departed,
      onSigned: (chain) => retentionController.enqueue(chain),
    }),
  });
  const retentionController = new Controller({
    name: 'record-retention',
    logger,
    metrics,
    clock,
    watches: retentionWatches(caches),
    reconcile: retentionReconciler({ client, records, heads, caches, inForce, clock, logger }),
  });
  headsController.enqueue({ name: 'key' });
  const acceptances =
    sealing === undefined
      ? []
      : wireTrust({ client, logger, metrics, events, clock, records, sealing, informers: caches });
  for (const runnable of [
    mirror,
    ...runnables,
    promotionController,
    keyringController,
    headsController,
    retentionController,
    ...acceptances,
  ])
    manager.add(runnable);
}
