/** Puts together what nothing speaks against. */
import { digestOf } from '../../../canonical/index.ts';
import { environmentRowOf } from '../../../workloads/index.ts';
import {
  environmentHosts,
  environmentNamespace,
  runName,
  TLS_SECRET,
  type EnvironmentHosts,
} from '../../naming/index.ts';
import {
  accessBindings,
  boundaryManifests,
  boundaryText,
  hostsOf,
  ingressManifests,
  limitRangeManifest,
  managerBinding,
  namespaceManifest,
  networkPolicies,
  quotaManifest,
  routeManifests,
  twinManifests,
  upstreamsOf,
  workloadManifests,
  type Home,
} from '../children/index.ts';
import { copiesOf } from '../copies.ts';
import {
  allContainers,
  problem,
  renderedVariables,
  type Problem,
  type ResolvedService,
  type ResolvedWorkload,
} from '../resolve/index.ts';
import { boundaryOf } from './boundary.ts';
import { certificateFor } from './exposure.ts';
import type { PlannedForward } from './forward.ts';
import type { Plan, PlanInput, PlannedWorkload } from './terms.ts';

/** The plan of an environment, or that its boundary cannot hold it. */
export function assemble(
  input: PlanInput,
  services: readonly ResolvedService[],
  resolved: readonly ResolvedWorkload[],
  forward: PlannedForward | undefined,
): Omit<Plan, 'runners' | 'asleep'> | { readonly problems: readonly Problem[] } {
  const { environment, twinClass, settings } = input;
  const { metadata, spec } = environment;
  const { namespace = '', name, uid = '' } = metadata;
  const owner = { namespace, name, uid };
  const home: Home = {
    owner,
    namespace: environmentNamespace({ ...owner, lifecycle: spec.lifecycle }),
    pullSecrets: twinClass.spec.imagePullSecrets ?? [],
  };
  const hosts = environmentHosts(twinClass.spec.exposure, home.namespace);
  const { systemNamespace, boundaryImage } = settings;
  const { podSecurity, quota, limitRange, network, access } = twinClass.spec;
  const workloads = resolved.map((workload) => planned(workload, hosts, boundaryImage !== undefined));
  const reporting = workloads.flatMap(({ name: workload, port, reportPath }) =>
    port === undefined || reportPath === undefined ? [] : [{ name: workload, port }],
  );
  const boundary = boundaryOf(input, services, workloads, hosts, forward);
  const config = boundaryText(boundary);
  if (config === undefined) return { problems: [boundaryTooLarge] };
  const names = hostsOf(boundary);
  const { gateway } = twinClass.spec.exposure;
  const routes = boundaryImage === undefined || !input.hasRoutes ? [] : routeManifests(home, names, gateway);
  const certificate = boundaryImage === undefined ? undefined : certificateFor(twinClass, names);
  return {
    home,
    hosts,
    url: boundaryImage === undefined ? undefined : hosts.url(hosts.host),
    services,
    workloads,
    exposed: boundaryImage === undefined ? [] : upstreamsOf(boundary).map(({ name: to, port }) => ({ name: to, port })),
    certificate,
    routes:
      gateway === undefined || boundaryImage === undefined
        ? undefined
        : { names: routes.map(({ metadata }) => metadata.name), gateways: gateway.parentRefs },
    copies: [
      ...copiesOf(environment, twinClass),
      ...(certificate?.kind === 'Copied'
        ? [{ kind: 'Secret', name: TLS_SECRET, from: certificate.from } as const]
        : []),
    ],
    manifests: {
      namespace: namespaceManifest(home, podSecurity),
      binding: managerBinding(home, systemNamespace),
      guards: [
        quotaManifest(home, quota),
        limitRangeManifest(home, limitRange),
        ...networkPolicies({
          home,
          systemNamespace,
          network,
          egress: spec.network?.egress ?? [],
          reporting,
          asked: boundaryImage === undefined ? [] : (forward?.egress ?? []),
          gateways: (gateway?.parentRefs ?? []).map((parent) => parent.namespace),
        }),
        ...accessBindings(home, access),
      ],
      parts: [
        ...services.flatMap((service) => twinManifests(home, service, podSecurity)),
        ...workloads.flatMap((workload) => workloadManifests(home, workload)),
        ...(boundaryImage === undefined
          ? []
          : [
              ...boundaryManifests(home, config, boundaryImage, podSecurity),
              ...ingressManifests(home, names, twinClass.spec.exposure),
              ...routes,
            ]),
      ],
    },
  };
}

const boundaryTooLarge = problem(
  'BoundaryTooLarge',
  'what is exposed takes more than the boundary can hold; expose fewer services, or write fewer and shorter adminPaths',
);

function planned(workload: ResolvedWorkload, hosts: EnvironmentHosts, bounded: boolean): PlannedWorkload {
  const containers = allContainers(workload.template).map(({ name }) => name);
  const templateDigest = digestOf(workload.template);
  return {
    ...workload,
    templateDigest,
    object: environmentRowOf(workload.kind).ends ? runName(workload.name, templateDigest) : workload.name,
    url: bounded && workload.exposed ? hosts.url(hosts.componentHost(workload.name)) : undefined,
    variables: renderedVariables(workload.name, containers, workload.bindings),
  };
}
