/** ProductionTarget: the lock, the canary, the controller. */
export * from './canary/index.ts';
export * from './controller/index.ts';
