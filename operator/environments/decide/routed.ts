import { printable } from '../../canonical/index.ts';
import type { RouteChild, RouteParent } from './live.ts';
import type { GatewayRef, PlannedRoutes } from './plan/exposure.ts';
import { problem, type Problem } from './resolve/index.ts';

const MAX_WORDS = 400;

/**
 * What Gateways say against the routes of an environment. Each of them has to have taken each route, as it is now: what
 * nobody says is no yes.
 */
export function routeProblem({ names, gateways }: PlannedRoutes, found: readonly RouteChild[]): Problem | undefined {
  for (const name of names) {
    const route = found.find(({ metadata }) => metadata.name === name);
    for (const gateway of gateways) {
      const why = route === undefined ? 'it is not there yet' : refusalOf(gateway, route);
      if (why !== undefined)
        return problem('RouteNotAccepted', `HTTPRoute ${name}, Gateway ${wordsOf(gateway)}: ${why}`);
    }
  }
  return undefined;
}

/** A class that asks for routes on a cluster without them. */
export const noGatewayAPI = problem(
  'NoGatewayAPI',
  'the class leads environments through a Gateway (exposure.gateway), and this cluster does not serve HTTPRoute of gateway.networking.k8s.io/v1: install the Gateway API; it is looked for every ten minutes',
);

function refusalOf(gateway: GatewayRef, { generation, parents }: RouteChild): string | undefined {
  const said = parents.filter(({ ref }) => isSame(ref, gateway));
  if (said.length === 0)
    return 'no controller has answered: is the Gateway there, and does a controller serve its GatewayClass?';
  for (const { conditions } of said) {
    for (const type of ['Accepted', 'ResolvedRefs']) {
      const { status, reason, message, observedGeneration } = conditions.find((each) => each.type === type) ?? silent;
      if (status === 'False') return printable(`${type} is False (${reason}): ${message}`, MAX_WORDS);
      if (status !== 'True') return `nobody says that ${type} is True`;
      if (observedGeneration !== generation) return 'its controller has not looked at its hosts of today yet';
    }
  }
  return undefined;
}

const silent = { status: 'Unknown', reason: '', message: '', observedGeneration: 0 } as const;

function isSame(a: RouteParent['ref'], b: GatewayRef): boolean {
  return a.namespace === b.namespace && a.name === b.name && a.sectionName === b.sectionName && a.port === b.port;
}

function wordsOf({ namespace, name, sectionName, port }: GatewayRef): string {
  const where = [...(sectionName === undefined ? [] : [sectionName]), ...(port === undefined ? [] : [`port ${port}`])];
  return `${namespace}/${name}${where.length === 0 ? '' : ` (${where.join(', ')})`}`;
}
