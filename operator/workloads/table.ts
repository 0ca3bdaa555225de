import { workloadKinds, type WorkloadKind } from '../api/workload-kinds.ts';
import type { ResourceType } from '../kube/index.ts';
import { cronJob } from './cron-job/index.ts';
import { daemonSet } from './daemon-set/index.ts';
import { deployment } from './deployment/index.ts';
import { statefulSet } from './stateful-set/index.ts';
import type { Workload } from './workload.ts';

/** The table: a row for each kind that a ProductionTarget can name. */
const workloads = {
  Deployment: deployment,
  StatefulSet: statefulSet,
  DaemonSet: daemonSet,
  CronJob: cronJob,
} satisfies Record<WorkloadKind, Workload>;

/** Every row with its kind, in the order of the list. */
export const workloadRows: readonly (readonly [WorkloadKind, Workload])[] = workloadKinds.map((kind) => [
  kind,
  workloads[kind],
]);

/** Every kind that one of them keeps beside its pods. */
export const ownedTypes: readonly ResourceType[] = [...new Set(workloadRows.flatMap(([, { owns }]) => owns))];

const rows: ReadonlyMap<string, Workload> = new Map(workloadRows);

/**
 * The row of a kind.
 *
 * @throws TypeError for a kind that only another version knows: what it would mean, nobody here can say
 */
export function workloadOf(kind: WorkloadKind): Workload {
  const row = rows.get(kind);
  if (row === undefined)
    throw new TypeError(
      `this version knows no workload of kind ${kind}: run the version that wrote it, or a newer one`,
    );
  return row;
}
