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
import { EnvironmentActor } from './act/actor.ts';
import type { EnvironmentSettings } from './decide/index.ts';
import { Asked } from './gather/asked.ts';
import { DriftView, environmentInformers } from './gather/cache/index.ts';
import { HASH_ANNOTATION } from './naming/index.ts';
import type { Context } from './gather/context.ts';
import { addIndexes } from './gather/indexes.ts';
import { Copies } from './gather/copies.ts';
import type { TryReach } from './gather/reach.ts';
import { REPORT_INTERVAL_MS, type FetchReport } from './gather/reports/index.ts';
import { Slots } from './gather/slots.ts';
import { KubeletWords } from './gather/words.ts';
import { environmentReconcile } from './reconcile.ts';
import { environmentWatches } from './watches.ts';

export interface EnvironmentsOptions {
  readonly client: Client;
  readonly cache: Cache;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  readonly fetchReport: FetchReport;
  readonly tryReach: TryReach;
  /** Ends what goes on in the background. */
  readonly signal: AbortSignal;
  readonly settings: EnvironmentSettings;
}

/** Reconciles that may run at once. Each has up to a dozen requests under way, and the client sends 16 at a time. */
const WORKERS = 16;

/** Wires the controller of TwinEnvironments; it runs when the manager runs it. */
export function wireEnvironments(options: EnvironmentsOptions): Controller {
  const { client, cache, clock, logger, metrics, signal } = options;
  const informers = environmentInformers(cache);
  addIndexes(informers);
  const drift = new DriftView(cache);
  const asking = { clock, signal, changed: (key: string): void => controller.enqueue(parseKey(key)) };
  const context: Context = {
    ...options,
    informers,
    drift,
    applier: new Applier({
      client,
      cache: drift,
      fieldManager: fieldManagers.environments,
      hashAnnotation: HASH_ANNOTATION,
    }),
    statuses: new StatusWriter({
      client,
      type: TwinEnvironment,
      fieldManager: `${fieldManagers.environments}-status`,
      informer: informers.environments,
    }),
    words: new KubeletWords(client, clock),
    copies: new Copies(clock),
    slots: new Slots(informers),
    reports: new Asked({ ...asking, ask: options.fetchReport, interval: REPORT_INTERVAL_MS }),
    reach: new Asked({ ...asking, ask: options.tryReach }),
  };
  const actor = new EnvironmentActor(context, (requests) => {
    for (const request of requests) controller.enqueue(request);
  });
  const controller: Controller = new Controller({
    name: 'environments',
    logger,
    metrics,
    clock,
    maxConcurrentReconciles: WORKERS,
    watches: environmentWatches(informers),
    reconcile: environmentReconcile(context, actor),
  });
  return controller;
}
