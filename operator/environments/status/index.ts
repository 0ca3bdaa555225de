/** What is reported of an environment: status, conditions, events. Pure. */
export { observedParts, type ObservedParts } from './observed.ts';
export type { InventoryItem, Situation } from './situation.ts';
export { statusOf } from './status.ts';
export { transitions, type Transition } from './transitions.ts';
