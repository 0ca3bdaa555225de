import { annotations, fieldManagers } from '../api/index.ts';
import { printable } from '../canonical/index.ts';
import { lastManagerOf, type KubeObject } from '../kube/index.ts';
import { workloadOf } from '../workloads/index.ts';
import type { ObjectKey } from '../objects/index.ts';
import type { WorkloadKey } from './types.ts';

/**
 * Who changed a workload's content last, in words: the user, whom admission writes into an annotation, and the client,
 * which names itself. For an object that was read live.
 */
export function changedBy({ kind }: Pick<WorkloadKey, 'kind'>, live: KubeObject): string {
  return inWords(
    live.metadata.annotations?.[annotations.changedBy],
    lastManagerOf(live, workloadOf(kind).templatePath),
  );
}

/** The same of an object beside the workloads: its user is in the audit log only. Of one that is gone nothing else is known. */
export function objectChangedBy(key: Pick<ObjectKey, 'kind'>, live: KubeObject | undefined): string {
  return inWords(undefined, live && lastManagerOf(live, contentPath(key, live)));
}

/** Whether this product's own promotions process says that it wrote the object last. For words only. */
export function wasObjectChangedByController(key: Pick<ObjectKey, 'kind'>, live: KubeObject): boolean {
  return lastManagerOf(live, contentPath(key, live)) === fieldManagers.promotions;
}

function contentPath({ kind }: Pick<ObjectKey, 'kind'>, live: KubeObject): readonly string[] {
  if (kind === 'ConfigMap') return ['data'];
  return 'spec' in live ? ['spec'] : [];
}

function inWords(user: string | undefined, manager: string | undefined): string {
  const client = manager === undefined ? 'field manager unknown' : `field manager ${printable(manager)}`;
  return user === undefined || user === ''
    ? `somebody whom the audit log of the API server names (${client})`
    : `${printable(user, 253)} (${client})`;
}

/** Whether this product's own promotions process says that it wrote the content last. For words only. */
export function wasChangedByController({ kind }: Pick<WorkloadKey, 'kind'>, live: KubeObject): boolean {
  return lastManagerOf(live, workloadOf(kind).templatePath) === fieldManagers.promotions;
}
