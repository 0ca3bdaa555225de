import { Counter, Gauge } from 'prom-client';
import type { ProductionTarget } from '../api/index.ts';
import { keyOf, type Lister } from '../kube/index.ts';
import type { Metrics } from '../runtime/index.ts';
import type { Enforcement } from './canary/index.ts';

export interface TargetMetricsOptions {
  readonly metrics: Pick<Metrics, 'registry'>;
  readonly targets: Pick<Lister<ProductionTarget>, 'list'>;
  readonly enforcement: (namespace: string) => Enforcement;
  /** How many of others' mutating policies and webhooks may change what the operator writes or runs. */
  readonly mutators: () => number;
}

/** Those that somebody counts; the others are read. */
export interface TargetMetrics {
  readonly tampered: Counter;
}

/** Registers the metrics of targets; gauges are read from the caches at every scrape. */
export function targetMetrics({ metrics, targets, enforcement, mutators }: TargetMetricsOptions): TargetMetrics {
  const registers = [metrics.registry];
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
      for (const target of targets.list()) {
        const { podsRefused } = enforcement(target.metadata.namespace ?? '');
        refused.set({ target: keyOf(target) }, podsRefused === undefined ? 0 : 1);
      }
    },
  });
  return {
    tampered: new Counter({
      name: 'twinlock_tampered_total',
      help: 'Contents that nobody approved and that were found in production.',
      registers,
    }),
  };
}
