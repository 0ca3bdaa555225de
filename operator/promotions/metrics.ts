import { Counter, Gauge, Histogram } from 'prom-client';
import type { Promotion, ProductionTarget } from '../api/index.ts';
import { keyOf, type Lister } from '../kube/index.ts';
import type { Metrics } from '../runtime/index.ts';
import type { Enforcement } from '../targets/canary/index.ts';

export interface PromotionMetricsOptions {
  readonly metrics: Metrics;
  readonly promotions: Lister<Promotion>;
  readonly targets: Lister<ProductionTarget>;
  readonly enforcement: (namespace: string) => Enforcement;
  /** How many of others' mutating policies and webhooks may change what the operator writes or runs. */
  readonly mutators: () => number;
}

/** The promotions process's own metrics. */
export interface PromotionMetrics {
  readonly tampered: Counter;
  readonly voteToRollout: Histogram;
}

/** Registers them; gauges are read from the caches at every scrape. */
export function promotionMetrics({
  metrics,
  promotions,
  targets,
  enforcement,
  mutators,
}: PromotionMetricsOptions): PromotionMetrics {
  const registers = [metrics.registry];
  const byPhase = new Gauge({
    name: 'twinlock_promotions',
    help: 'Promotions by phase.',
    labelNames: ['phase'],
    registers,
    collect: (): void => {
      byPhase.reset();
      for (const { status } of promotions.list()) byPhase.inc({ phase: status?.phase ?? 'Pending' });
    },
  });
  const active = new Gauge({
    name: 'twinlock_enforcement_active',
    help: '1 while the API server refuses forbidden changes of the target; alert on 0.',
    labelNames: ['target'],
    registers,
    collect: (): void => {
      active.reset();
      for (const target of targets.list()) {
        const { active: holds, warn = false } = enforcement(target.metadata.namespace ?? '');
        // In mode Warn nothing is refused, and nobody shall be woken for it.
        if (!warn) active.set({ target: keyOf(target) }, holds ? 1 : 0);
      }
    },
  });
  const foreign = new Gauge({
    name: 'twinlock_foreign_mutators',
    help: 'Mutating policies and webhooks of others that may change what the operator writes or runs; alert above 0.',
    registers,
    collect: (): void => foreign.set(mutators()),
  });
  const refused = new Gauge({
    name: 'twinlock_pods_refused',
    help: '1 while a pod of approved content would not come back after an eviction; alert on 1.',
    labelNames: ['target'],
    registers,
    collect: (): void => {
      refused.reset();
      for (const target of targets.list())
        refused.set(
          { target: keyOf(target) },
          enforcement(target.metadata.namespace ?? '').podsRefused === undefined ? 0 : 1,
        );
    },
  });
  return {
    tampered: new Counter({
      name: 'twinlock_tampered_total',
      help: 'Contents that nobody approved and that were found in production.',
      registers,
    }),
    voteToRollout: new Histogram({
      name: 'twinlock_vote_to_rollout_seconds',
      help: 'Seconds from when the last vote was seen until production was changed.',
      buckets: [0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
  };
}
