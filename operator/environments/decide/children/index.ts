/** The objects of an environment, as they are sent. Pure. */
export { boundaryManifests, boundaryText } from './boundary.ts';
export { boundaryConfig, HEALTH_PORT, hostsOf, upstreamsOf, type BoundaryInput } from './caddy.ts';
export type { Upstream } from './upstream.ts';
export type { ServedFile } from './served.ts';
export type { ForwardAuth } from './forward.ts';
export { ingressManifests } from './ingress.ts';
export { routeManifests } from './routes.ts';
export { twinManifests, workloadManifests } from './components.ts';
export { type Home } from './metadata.ts';
export { accessBindings, limitRangeManifest, managerBinding, namespaceManifest, quotaManifest } from './namespace.ts';
export { networkPolicies, type ReportingWorkload } from './network.ts';
export type { Manifest } from './types.ts';
