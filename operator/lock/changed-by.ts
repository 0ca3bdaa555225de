import { annotations, fieldManagers } from '../api/index.ts';
import { printable } from '../canonical/index.ts';
import { lastManagerOf, type KubeObject } from '../kube/index.ts';
import { workloadOf } from '../workloads/index.ts';
import type { WorkloadKey } from './types.ts';

/**
 * Who changed a workload's content last, in words: the user, whom admission writes into an annotation, and the client,
 * which names itself. For an object that was read live.
 */
export function changedBy({ kind }: Pick<WorkloadKey, 'kind'>, live: KubeObject): string {
  const user = live.metadata.annotations?.[annotations.changedBy];
  const manager = lastManagerOf(live, workloadOf(kind).templatePath);
  const client = manager === undefined ? 'field manager unknown' : `field manager ${printable(manager)}`;
  return user === undefined || user === ''
    ? `somebody whom the audit log of the API server names (${client})`
    : `${printable(user, 253)} (${client})`;
}

/** Whether this product's own promotions process says that it wrote the content last. For words only. */
export function wasChangedByController({ kind }: Pick<WorkloadKey, 'kind'>, live: KubeObject): boolean {
  return lastManagerOf(live, workloadOf(kind).templatePath) === fieldManagers.promotions;
}
