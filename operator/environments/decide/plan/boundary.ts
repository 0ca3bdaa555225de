/** What the boundary of a planned environment leads to. */
import { parseQuantity } from '../../../kube/index.ts';
import { environmentHosts, homeOf, type EnvironmentHosts } from '../../naming/index.ts';
import type { BoundaryInput, ForwardAuth, Upstream } from '../children/index.ts';
import {
  endpointAt,
  isExposed,
  type NamedPort,
  type ResolvedService,
  type Self,
  type WorkloadSpec,
} from '../resolve/index.ts';
import { runtimeConfigs } from './runtime-config.ts';
import type { PlanInput, PlannedWorkload } from './terms.ts';

/** What the boundary of an environment is made of. */
export function boundaryOf(
  { environment, twinClass, settings }: PlanInput,
  services: readonly ResolvedService[],
  workloads: readonly PlannedWorkload[],
  hosts: EnvironmentHosts,
  forward: ForwardAuth | undefined,
): BoundaryInput {
  const { namespace = '', name, uid = '' } = environment.metadata;
  const exposed = (how: ResolvedService['expose']): BoundaryInput['twinsByHost'] =>
    services.flatMap(({ name: service, twin, expose }) => {
      if (twin === undefined || expose !== how) return [];
      return upstream(service, twin.ports, twin.adminPaths);
    });
  return {
    owner: { namespace, name, uid },
    systemNamespace: settings.systemNamespace,
    scheme: twinClass.spec.exposure.scheme,
    authorityOf: (host) => new URL(hosts.url(host)).host,
    secured: twinClass.spec.exposure.tls === undefined ? undefined : (host) => hosts.url(host),
    // Caddy takes 0 for no limit.
    maxBody: Math.max(1, Math.floor(parseQuantity(twinClass.spec.exposure.maxBodySize) ?? 1)),
    host: hosts.host,
    hostOf: (component) => hosts.componentHost(component),
    workloads: workloads.flatMap(({ name: workload, port, protocol, exposed: open }) =>
      open && port !== undefined ? upstream(workload, [{ port, protocol }], []) : [],
    ),
    twinsByHost: exposed('Host'),
    twinsByPath: exposed('Path'),
    files: runtimeConfigs(
      environment.spec.workloads ?? [],
      services,
      hosts,
      selves({ environment, twinClass, settings }),
    ),
    noindex: environment.spec.boundary.noindex,
    auth: authOf(environment.spec.boundary.auth, forward),
  };
}

/** Who is let in; nobody where there is nobody to ask. */
function authOf(auth: 'None' | 'Token' | 'Forward', forward: ForwardAuth | undefined): BoundaryInput['auth'] {
  if (auth !== 'Forward') return auth;
  // No link of an environment without share links holds.
  return forward ?? 'Token';
}

/** Where the boundary leads: the first port that it can speak with. */
function upstream(
  name: string,
  ports: readonly Pick<NamedPort, 'port' | 'protocol'>[],
  adminPaths: readonly string[],
): readonly Upstream[] {
  const found = ports.find(({ protocol }) => protocol !== 'TCP');
  return found === undefined ? [] : [{ name, port: found.port, h2c: found.protocol === 'H2C', adminPaths }];
}

/** What each workload is told about itself: the first that is exposed answers on the environment's host. */
export function selves({
  environment,
  twinClass,
  settings,
}: Pick<PlanInput, 'environment' | 'twinClass' | 'settings'>): (workload: WorkloadSpec) => Self {
  const { metadata, spec } = environment;
  const hosts = environmentHosts(twinClass.spec.exposure, homeOf(environment));
  const first = (spec.workloads ?? []).find(isExposed)?.name;
  return (workload) => {
    const own = isExposed(workload) && workload.name !== first;
    const url = hosts.url(own ? hosts.componentHost(workload.name) : hosts.host);
    return {
      environment: metadata.name,
      endpoint: settings.boundaryImage === undefined ? undefined : endpointAt(url),
    };
  };
}
