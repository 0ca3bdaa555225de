/** What happens to an environment next, and what is to be told of it. Pure. */
export { decideEnvironment } from './decide.ts';
export { until, type EnvironmentAction, type EnvironmentDecision } from './decision.ts';
export { notApplied } from './not-applied.ts';
export { observedParts, type ObservedParts } from './observed.ts';
export type { InventoryItem, Situation } from './situation.ts';
export type { EnvironmentWorld, Orphan, World } from './world.ts';
