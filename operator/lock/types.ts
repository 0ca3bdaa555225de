import type { WorkloadLock } from '../api/index.ts';

/** `spec` of a WorkloadLock. */
export type LockSpec = WorkloadLock['spec'];
/** One approved content of one workload. `digest` is specDigest(spec), `spec` is approvedSpec of the workload. */
export type Approved = LockSpec['approved'][number];

/** One approved state of one object. `digest` is objectDigest(content); without both the object is not there. */
export type ApprovedObject = NonNullable<LockSpec['objects']>[number];

export interface WorkloadKey {
  readonly kind: Approved['kind'];
  readonly name: string;
}
