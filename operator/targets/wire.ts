import type { DefinedKind, WorkloadLock } from '../api/index.ts';
import type { Cache, Client, Clock, EventRecorder, Logger } from '../kube/index.ts';
import type { ObjectTypes } from '../objects/index.ts';
import type { RecordStore } from '../records/index.ts';
import { Controller, requestOf, type Metrics, type Runnable } from '../runtime/index.ts';
import { TargetActor } from './act/actor.ts';
import { followPolicies, wireCanary, type Canary } from './canary/index.ts';
import { acceptanceWatch, type InForce } from '../trust/index.ts';
import { targetReconcile } from './reconcile.ts';
import { releaseReconcile } from './release.ts';
import { FollowedPods } from './gather/followed-pods.ts';
import { FollowedWorkloads, type OnWorkload } from './gather/followed.ts';
import { TargetReader } from './gather/world.ts';
import { targetMetrics } from './metrics.ts';
import { unreferencedReconcile } from './unreferenced.ts';
import { releaseWatches, targetWatches, unreferencedWatches, type TargetInformers } from './watches.ts';

export interface TargetsOptions {
  readonly client: Client;
  readonly cache: Cache;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly records: RecordStore;
  readonly informers: TargetInformers;
  /** The operator's own. */
  readonly systemNamespace: string;
  /** Who may write into running pods in every protected namespace. Default nobody. */
  readonly podWriters?: WorkloadLock['spec']['podWriters'] | undefined;
  /** Kinds of objects that the installation names beside the known ones. */
  readonly kinds: readonly DefinedKind[];
  readonly types: ObjectTypes;
  /** Targets as they count. */
  readonly inForce: InForce;
  /** Tells whoever else lives on what happens in a namespace of production. */
  readonly onEnforcement: (namespace: string) => void;
  readonly onWorkload: OnWorkload;
  readonly onPods: (namespace: string) => void;
}

/** What a process runs for its targets, and what others ask of it. */
export interface Targets {
  readonly runnables: readonly Runnable[];
  readonly canary: Canary;
  readonly followed: FollowedWorkloads;
}

const WORKERS = 2;

/** Wires what guards production: the canary, what is followed, the controllers of targets and of released namespaces. */
export function wireTargets(options: TargetsOptions): Targets {
  const { client, cache, logger, metrics, events, clock, records, informers, podWriters, inForce, kinds, types } =
    options;
  const { targets, promotions, locks, namespaces } = informers;
  const enqueue = (namespace: string): void => {
    for (const request of targets.lister.list(namespace).map(requestOf)) controller.enqueue(request);
  };
  const installed = followPolicies(cache, { systemNamespace: options.systemNamespace, kinds }, () => canary.wake());
  const canary: Canary = wireCanary({
    client,
    clock,
    logger,
    events,
    installed,
    targets,
    locks,
    namespaces,
    inForce,
    onChange: (namespace) => {
      enqueue(namespace);
      options.onEnforcement(namespace);
    },
  });
  const followed = new FollowedWorkloads(cache, (namespace, change) => {
    if (change !== 'progress') enqueue(namespace);
    options.onWorkload(namespace, change);
  });
  const pods = new FollowedPods(cache, (namespace) => {
    enqueue(namespace);
    options.onPods(namespace);
  });
  const reader = new TargetReader({
    client,
    targets,
    promotions,
    records,
    followed,
    pods,
    canary,
    clock,
    podWriters,
    types,
    inForce,
    systemNamespace: options.systemNamespace,
  });
  const { tampered } = targetMetrics({
    metrics,
    targets: targets.lister,
    enforcement: (namespace) => canary.state(namespace),
    mutators: () => installed.mutators().length,
  });
  const actor = new TargetActor({
    client,
    records,
    events,
    systemNamespace: options.systemNamespace,
    onTampered: () => tampered.inc(),
  });
  const controller: Controller = new Controller({
    name: 'productiontargets',
    logger,
    metrics,
    clock,
    maxConcurrentReconciles: WORKERS,
    watches: [
      ...targetWatches(informers),
      acceptanceWatch(informers.records, () => targets.lister.list().map(requestOf)),
    ],
    reconcile: targetReconcile({ client, reader, actor, targets, events }),
  });
  const releasing = new Controller({
    name: 'released-namespaces',
    logger,
    metrics,
    clock,
    watches: [
      ...releaseWatches(informers),
      acceptanceWatch(informers.records, () =>
        locks.lister.list().map(({ metadata }) => ({ name: metadata.namespace ?? '' })),
      ),
    ],
    reconcile: releaseReconcile({ client, records, events, logger, inForce }),
  });
  const leaving = new Controller({
    name: 'unreferenced-configuration',
    logger,
    metrics,
    clock,
    watches: unreferencedWatches(informers),
    reconcile: unreferencedReconcile({ client, records, targets, namespaces, events, logger }),
  });
  return { runnables: [canary, controller, releasing, leaving], canary, followed };
}
