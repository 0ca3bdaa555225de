import type { WorkloadKind } from '../api/workload-kinds.ts';
import type { KubeObject } from '../kube/index.ts';
import { workloadOf } from './table.ts';
import type { WorkloadObject } from './object.ts';

/** A workload that was looked for, with what it owns where that was read. */
interface Looked {
  readonly kind: WorkloadKind;
  readonly live?: WorkloadObject | undefined;
  readonly owned?: readonly KubeObject[] | undefined;
}

/** The revision that a workload has; undefined when it does not exist, or its controller has not given it one yet. */
export function revisionOf({ kind, live, owned = [] }: Looked): string | undefined {
  return live === undefined ? undefined : workloadOf(kind).revision(live, owned);
}

/**
 * Whether a revision came after another, so that other content was applied in between, be it gone again. Only forward:
 * a workload without a revision proves nothing.
 */
export function isLaterRevision(now: string | undefined, before: string | undefined): boolean {
  return Number(now) > Number(before);
}
