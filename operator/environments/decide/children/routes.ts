import { HTTPRoute, type KubeObject } from '../../../kube/index.ts';
import type { Frozen, TwinClassSpec } from '../../../api/index.ts';
import { BOUNDARY_NAME, BOUNDARY_PORT } from '../../naming/index.ts';
import { childMetadata, type Home } from './metadata.ts';

type Gateway = Frozen<NonNullable<TwinClassSpec['exposure']['gateway']>>;

/** Hosts that one HTTPRoute can have. */
const MAX_HOSTNAMES = 16;

/** Leads hosts from the class's Gateways to the boundary. */
export interface RouteManifest extends KubeObject {
  readonly spec: {
    readonly parentRefs: Gateway['parentRefs'];
    readonly hostnames: readonly string[];
    readonly rules: readonly object[];
  };
}

/** As many HTTPRoutes as the hosts of an environment take, where the class has Gateways. */
export function routeManifests(
  home: Home,
  hosts: readonly string[],
  gateway: Gateway | undefined,
): readonly RouteManifest[] {
  if (gateway === undefined) return [];
  const count = Math.ceil(hosts.length / MAX_HOSTNAMES);
  return Array.from({ length: count }, (_, index) => ({
    apiVersion: HTTPRoute.apiVersion,
    kind: HTTPRoute.kind,
    metadata: childMetadata(home, index === 0 ? BOUNDARY_NAME : `${BOUNDARY_NAME}-${index + 1}`),
    spec: {
      parentRefs: gateway.parentRefs,
      hostnames: hosts.slice(index * MAX_HOSTNAMES, (index + 1) * MAX_HOSTNAMES),
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ name: BOUNDARY_NAME, port: BOUNDARY_PORT }],
        },
      ],
    },
  }));
}
