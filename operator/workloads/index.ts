/**
 * Kinds of workloads: one table, and what follows from it. A new kind is a file or folder here, a line in `table.ts` and
 * one in the list that the schemas have (`operator/api/workload-kinds.ts`); `test/unit/workloads.test.ts` runs over each row.
 */
export {
  approvedSpec,
  approvedTemplate,
  isPaused,
  podTemplateOf,
  RESTARTED_AT,
  servedLike,
  specDigest,
  specDigestOrFault,
  templateIn,
  undoneSpec,
  withContent,
  withTemplate,
} from './approval.ts';
export { STEERING } from './deployment/revision.ts';
export * from './environment.ts';
export { JOB_LABELS, JOB_NAME, jobContent, jobDigest, jobProgress, type JobProgress } from './job.ts';
export * from './makers.ts';
export { controllerOf } from './owners.ts';
export { referencePlaces, referencesIn, referencesOf, type ConfigurationKey, type Reference } from './references.ts';
export { isLaterRevision, revisionOf } from './revision.ts';
export { podTrouble, said, type Trouble } from './rollout/cause.ts';
export type { Progress, ProgressInput } from './rollout/types.ts';
export { ownedTypes, workloadOf, workloadRows } from './table.ts';
export type { PodTemplate, Spec, WorkloadObject } from './object.ts';
export type { Workload } from './workload.ts';
