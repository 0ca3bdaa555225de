/** Deletes records when their time is over. */
export { retentionReconciler } from './reconcile.ts';
export { retentionWatches } from './watches.ts';
