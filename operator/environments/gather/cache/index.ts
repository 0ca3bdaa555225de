/** What the controller sees of the cluster: informers, and children in a slim form. */
export { DriftView } from './drift.ts';
export { childTypes, environmentInformers, followedEnvironments, type ChildKind, type Informers } from './informers.ts';
export * from './slim.ts';
