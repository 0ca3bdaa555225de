/** What happens to an environment next, and what is to be told of it. Pure. */
export { isEnding } from './assess.ts';
export { decideEnvironment } from './decide.ts';
export type { EnvironmentAction, EnvironmentDecision } from './decision.ts';
export { notApplied } from './not-applied.ts';
export { observedParts, type ObservedParts } from './observed.ts';
export { hasFinalizer } from './removal.ts';
export { hasHome } from './room.ts';
export type { InventoryItem, Situation } from './situation.ts';
export type * from './world.ts';
