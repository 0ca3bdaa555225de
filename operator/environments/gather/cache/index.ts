/** What the controller sees of the cluster: informers, and children in a slim form. */
export { DriftView } from './drift.ts';
export { childType, childTypes, environmentInformers, followedEnvironments, type Informers } from './informers.ts';
export * from './slim.ts';
