/** How far a workload is with what was applied. Pure. */
export { progressOf, type Progress } from './progress.ts';
