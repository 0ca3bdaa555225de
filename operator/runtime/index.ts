/** Running controllers: queue, controller, leader election, manager, metrics. Knows kube and nothing of Twinlock. */
export * from './controller/predicates.ts';
export { TerminalError } from './controller/types.ts';
export type { Reconcile, Request, Result } from './controller/types.ts';
export { watchFor, watchLabelled, watchMapped, watchOwned } from './controller/watches.ts';
export type { Watch } from './controller/watches.ts';
