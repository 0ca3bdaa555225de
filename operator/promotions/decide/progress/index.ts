/** How far a workload is with what was applied. Pure. */
export { progressOf, type Progress, type ProgressInput } from './progress.ts';
export type { Running } from './pods.ts';
