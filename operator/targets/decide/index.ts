/** What a target is and what is done next; pure. */
export { decideTarget } from './decide.ts';
export type { TargetAction, TargetVerdict } from './verdict.ts';
export type { Named, TargetWorld } from './world.ts';
