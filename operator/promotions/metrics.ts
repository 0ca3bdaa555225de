import { Gauge, Histogram } from 'prom-client';
import type { Promotion } from '../api/index.ts';
import type { Lister } from '../kube/index.ts';
import type { Metrics } from '../runtime/index.ts';

export interface PromotionMetricsOptions {
  readonly metrics: Pick<Metrics, 'registry'>;
  readonly promotions: Pick<Lister<Promotion>, 'list'>;
}

/** Those that somebody observes; the others are read. */
export interface PromotionMetrics {
  readonly voteToRollout: Histogram;
}

/** Registers the metrics of promotions; gauges are read from the caches at every scrape. */
export function promotionMetrics({ metrics, promotions }: PromotionMetricsOptions): PromotionMetrics {
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
  return {
    voteToRollout: new Histogram({
      name: 'twinlock_vote_to_rollout_seconds',
      help: 'Seconds from when the last vote was seen until production was changed.',
      buckets: [0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
  };
}
