import { Gauge } from 'prom-client';
import type { Metrics } from '../../runtime/index.ts';

/** Registers what to alert on: chains that depart from what was signed of them. */
export function headsMetrics({ registry }: Pick<Metrics, 'registry'>, departed: ReadonlyMap<string, string>): void {
  const gauge: Gauge = new Gauge({
    name: 'twinlock_record_chains_not_signed',
    help: 'Chains of records that are no longer what was signed of them; 0 is well.',
    registers: [registry],
    collect: (): void => gauge.set(departed.size),
  });
}
