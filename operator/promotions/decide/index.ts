/** From an observed world to a verdict; pure. */
export { decide, type Decision } from './decide.ts';
export { isOpened } from './rollout.ts';
export { latchedArtifacts, runningArtifacts, type Facts } from './facts.ts';
export type { Action, Phase, Verdict } from './verdict.ts';
export type { Planned, Resolved, WorkloadFacts, World } from './world.ts';
