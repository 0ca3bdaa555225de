/** Running controllers: queue, controller, leader election, manager, metrics. Knows kube and nothing of Twinlock. */
export { Controller } from './controller/controller.ts';
export type { ControllerOptions } from './controller/controller.ts';
export * from './controller/predicates.ts';
export { TerminalError } from './controller/types.ts';
export type { Reconcile, Request, Result } from './controller/types.ts';
export { requestOf, watchFor, watchLabelled, watchMapped } from './controller/watches.ts';
export type { Watch } from './controller/watches.ts';
export * from './election/index.ts';
export * from './logging/index.ts';
export * from './manager/index.ts';
export { memoryRelease } from './memory.ts';
export * from './metrics/index.ts';
export * from './queue/index.ts';
export * from './turns/index.ts';
