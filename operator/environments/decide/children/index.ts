/** The objects of an environment, as they are sent. Pure, but for the first load of cdk8s. */
export { boundaryManifests } from './boundary.ts';
export { boundaryConfig, HEALTH_PORT, type BoundaryInput, type Upstream } from './caddy.ts';
export { twinManifests, workloadManifests } from './components.ts';
export { type Home } from './metadata.ts';
export { limitRangeManifest, managerBinding, namespaceManifest, quotaManifest } from './namespace.ts';
export { networkPolicies, type ReportingWorkload } from './network.ts';
export { loadRenderer, type Renderer } from './render.ts';
export type { Manifest } from './types.ts';
