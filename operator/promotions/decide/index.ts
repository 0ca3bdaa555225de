/** From an observed world to a verdict; pure. */
export { decide, undecidable, type Decision } from './decide.ts';
export { MOST_OPEN, waitsBehind } from './open.ts';
export { uncanonicalError } from './uncanonical.ts';
export { isOpened } from './rollout.ts';
export { latchedArtifacts, runningArtifacts, type Facts } from './facts.ts';
export type { Action, ApplyAction, Phase, Verdict, WorkloadState } from './verdict.ts';
export type { Planned, Resolved, WorkloadFacts, World } from './world.ts';
