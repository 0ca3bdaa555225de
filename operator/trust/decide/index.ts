/** From records and an object to what counts of it; pure. */
export { trustOf } from './chain.ts';
export { keyringSpec, policySpec, targetSpec } from './content.ts';
export { standingOf, type Proposal, type Standing } from './standing.ts';
export * from './world.ts';
