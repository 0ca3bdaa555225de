import { fieldManagers, TwinEnvironment } from '../api/index.ts';
import {
  Applier,
  parseKey,
  StatusWriter,
  type Cache,
  type Client,
  type Clock,
  type EventRecorder,
  type Logger,
} from '../kube/index.ts';
import { Controller, type Metrics } from '../runtime/index.ts';
import { DriftView, environmentInformers, HASH_ANNOTATION } from './gather/cache/index.ts';
import type { PlanSettings } from './decide/plan/index.ts';
import { Reports, type FetchReport } from './gather/reports/index.ts';
import { addIndexes } from './gather/indexes.ts';
import { environmentReconcile } from './reconcile.ts';
import { EnvironmentActor } from './act/actor.ts';
import { Slots } from './act/slots.ts';
import { environmentWatches } from './watches.ts';

export interface ControllerDependencies {
  readonly client: Client;
  readonly cache: Cache;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  readonly fetchReport: FetchReport;
  /** Ends what goes on in the background. */
  readonly signal: AbortSignal;
  readonly settings: PlanSettings & { readonly policiesEnforced: boolean };
}

/** Reconciles that may run at once. Each has up to a dozen requests under way, and the client sends 16 at a time. */
const WORKERS = 16;

/** Builds the controller; it runs when the manager runs it. */
export function environmentController(dependencies: ControllerDependencies): Controller {
  const { client, cache, clock, logger, metrics, signal } = dependencies;
  const informers = environmentInformers(cache);
  addIndexes(informers);
  const drift = new DriftView(cache);
  const applier = new Applier({
    client,
    cache: drift,
    fieldManager: fieldManagers.environments,
    hashAnnotation: HASH_ANNOTATION,
  });
  const statuses = new StatusWriter({
    client,
    type: TwinEnvironment,
    fieldManager: `${fieldManagers.environments}-status`,
    informer: informers.environments,
  });
  const reports = new Reports({
    fetch: dependencies.fetchReport,
    clock,
    signal,
    changed: (key) => controller.enqueue(parseKey(key)),
  });
  const context = { ...dependencies, drift, informers, applier, statuses, reports };
  const actor = new EnvironmentActor(context, new Slots(informers), (requests) => {
    for (const request of requests) controller.enqueue(request);
  });
  const controller: Controller = new Controller({
    name: 'environments',
    reconcile: environmentReconcile(context, actor),
    watches: environmentWatches(informers),
    logger,
    metrics,
    clock,
    maxConcurrentReconciles: WORKERS,
  });
  return controller;
}
