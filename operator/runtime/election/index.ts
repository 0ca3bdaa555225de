export { LeaderElector, LeadershipLostError } from './leader-elector.ts';
export type { LeaderElectorOptions } from './leader-elector.ts';
export { LeaseLock } from './lease-lock.ts';
export type { LeaseRecord, ObservedLease } from './lease-lock.ts';
