import { ApprovalPolicy, ApproverKeyring, ProductionTarget, type PromotionRecord } from '../api/index.ts';
import type { Client, Clock, EventRecorder, Informer, Logger, ResourceType } from '../kube/index.ts';
import type { RecordStore } from '../records/index.ts';
import {
  annotationsChanged,
  anyOf,
  Controller,
  generationChanged,
  requestOf,
  watchFor,
  watchMapped,
  type Metrics,
  type Request,
  type Runnable,
  type Watch,
} from '../runtime/index.ts';
import type { SealedObject } from './decide/index.ts';
import type { Sealing } from './gather/index.ts';
import { trustMetrics } from './metrics.ts';
import { acceptance, policyReconciler } from './reconcile.ts';

export interface TrustOptions {
  readonly client: Client;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly records: RecordStore;
  readonly sealing: Sealing;
  readonly informers: {
    readonly keyrings: Informer<ApproverKeyring>;
    readonly policies: Informer<ApprovalPolicy>;
    readonly targets: Informer<ProductionTarget>;
    readonly records: Informer<PromotionRecord>;
  };
}

/** What a process runs where trust is sealed: one controller for each kind that people sign. */
export function wireTrust({
  client,
  logger,
  metrics,
  events,
  clock,
  records,
  sealing,
  informers,
}: TrustOptions): readonly Runnable[] {
  const { keyrings, policies, targets, records: followed } = informers;
  trustMetrics(metrics, sealing, [keyrings, policies, targets]);
  const shared = { client, records, sealing, events };
  const accepting = <T extends SealedObject>(name: string, type: ResourceType<T>, informer: Informer<T>): Controller =>
    new Controller({
      name,
      logger,
      metrics,
      clock,
      watches: trustWatches(informer, followed),
      reconcile: acceptance({ ...shared, type, informer }),
    });
  return [
    accepting('trust-keyrings', ApproverKeyring, keyrings),
    accepting('trust-policies', ApprovalPolicy, policies),
    accepting('trust-targets', ProductionTarget, targets),
    new Controller({
      name: 'approvalpolicies',
      logger,
      metrics,
      clock,
      watches: trustWatches(policies, followed),
      reconcile: policyReconciler({ client, policies, sealing, clock }),
    }),
  ];
}

/** What asks for an object to be looked at that people sign: itself, and whatever is accepted of any of them. */
export function trustWatches<T extends SealedObject>(
  informer: Informer<T>,
  records: Informer<PromotionRecord>,
): readonly Watch[] {
  return [
    watchFor(informer, anyOf(generationChanged, annotationsChanged)),
    acceptanceWatch(records, () => informer.lister.list().map(requestOf)),
  ];
}

/** What asks for `those` whenever something was accepted. */
export function acceptanceWatch(records: Informer<PromotionRecord>, those: () => readonly Request[]): Watch {
  return watchMapped(records, ({ spec }) => (spec.type === 'Trust' ? those() : []), { update: () => false });
}
