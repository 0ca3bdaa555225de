import type { WorkloadKind } from '../api/index.ts';

/** One image that a promotion brings to one container of one workload: what gates give evidence about. */
export interface Artifact {
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly container: string;
  /** By digest. */
  readonly image: string;
}
