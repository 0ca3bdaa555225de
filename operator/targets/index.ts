/** ProductionTarget: the lock, the canary, the controller. */
export { Canary, type Enforcement, type Mutators } from './canary/index.ts';
export { FollowedWorkloads } from './gather/followed.ts';
export { readSnapshot, type Snapshot } from './gather/snapshot.ts';
export { wireTargets, type Targets, type TargetsOptions } from './wire.ts';
