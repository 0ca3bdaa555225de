/** Signs how far the chains of records have come, outside of the namespaces whose records go with them. */
export { Heads } from './heads.ts';
export { headsMetrics } from './metrics.ts';
export { headsReconciler } from './reconcile.ts';
export { headsWatches } from './watches.ts';
