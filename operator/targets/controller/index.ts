/** The ProductionTarget controller: takes production over, keeps the lock, notices what nobody approved. */
export { FollowedPods } from './followed-pods.ts';
export { FollowedWorkloads, type OnWorkload } from './followed.ts';
export { TargetReader } from './read.ts';
export { TargetReconciler } from './reconcile.ts';
export { releaser } from './release.ts';
export { readSnapshot, type Snapshot } from './snapshot.ts';
