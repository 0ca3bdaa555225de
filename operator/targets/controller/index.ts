/** The ProductionTarget controller: takes production over, keeps the lock, notices what nobody approved. */
export { FollowedPods } from '../gather/followed-pods.ts';
export { FollowedWorkloads, type OnWorkload } from '../gather/followed.ts';
export { TargetReader } from '../gather/world.ts';
export { TargetReconciler } from './reconcile.ts';
export { releaser } from './release.ts';
export { readSnapshot, type Snapshot } from '../gather/snapshot.ts';
