/** From an observed world to a verdict; pure. */
export { notAdmitted } from './admitted.ts';
export { decide, type Decision } from './decide.ts';
export { askerOf, MOST_OPEN, stageFromCaches } from './queue.ts';
export { policyNameOf } from './resolve.ts';
export { removedBy, stageOf, type Stage } from './stage.ts';
export { uncanonicalError } from './uncanonical.ts';
export { unreadable } from './unreadable.ts';
export { latchedArtifacts, runningArtifacts, type Facts } from './facts.ts';
export type { Action, ApplyAction, ObjectAction, ObjectRollout, Phase, Verdict, WorkloadState } from './verdict.ts';
export type * from './world.ts';
