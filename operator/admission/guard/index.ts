export { guardCluster } from './cluster.ts';
export { guardControllers } from './controllers.ts';
export { guardEnvironments } from './environments.ts';
export { guardDefinitions, guardTargets } from './kinds.ts';
export { guardNamespaces } from './namespaces.ts';
export { guardNodes } from './nodes.ts';
export { guardRecords } from './records.ts';
export { guardSystem } from './system.ts';
export { guardWebhooks } from './webhooks.ts';
