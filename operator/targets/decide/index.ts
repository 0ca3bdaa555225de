/** What a target is and what is done next; pure. */
export { decideTarget } from './decide.ts';
export type { TargetAction, TargetVerdict } from './verdict.ts';
export type { Named, Running, TargetWorld } from './world.ts';
