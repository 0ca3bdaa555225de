import { isDeepStrictEqual } from 'node:util';
import type { TwinClass, TwinEnvironment, VendorTwin } from '../../../api/index.ts';
import { CanonicalError, digestOf, type Digest } from '../../../canonical/index.ts';
import { parseQuantity } from '../../../kube/index.ts';
import { environmentRow, environmentRowOf } from '../../../workloads/index.ts';
import {
  boundaryManifests,
  boundaryText,
  hostsOf,
  ingressManifests,
  accessBindings,
  limitRangeManifest,
  managerBinding,
  namespaceManifest,
  networkPolicies,
  quotaManifest,
  routeManifests,
  twinManifests,
  upstreamsOf,
  workloadManifests,
  type BoundaryInput,
  type Home,
  type Manifest,
  type Upstream,
} from '../children/index.ts';
import {
  COMPONENT_LABEL,
  environmentHosts,
  environmentNamespace,
  homeOf,
  runName,
  TLS_SECRET,
  type EnvironmentHosts,
} from '../../naming/index.ts';
import {
  allContainers,
  choosingOf,
  endpointAt,
  isExposed,
  ownConfigMapsOf,
  problem,
  renderedVariables,
  resolveServices,
  resolveWorkloads,
  type Catalogue,
  type NamedPort,
  type Problem,
  type ResolvedService,
  type ResolvedWorkload,
  type Self,
  type Variable,
  type WorkloadSpec,
} from '../resolve/index.ts';
import { exposeProblem, imageProblem, liveKeyProblem, nameClash, patternProblem, tagProblem } from './content.ts';
import { copiesOf, copyProblem, liveKeysOf, ownLiveKeyProblem, type Copy } from '../copies.ts';
import { egressProblem } from './egress.ts';
import {
  certificateFor,
  certificateKeyProblem,
  hostProblem,
  type PlannedCertificate,
  type PlannedRoutes,
} from './exposure.ts';
import { needsProblem } from './needs.ts';
import { placementProblem, sizeProblem } from './placement.ts';
import { runtimeConfigs } from './runtime-config.ts';
import { quotaProblem, withinQuota } from './quota.ts';

/** What holds for every environment of an installation. */
export interface PlanSettings {
  readonly systemNamespace: string;
  /** Without one, environments have no boundary and are reached by port-forward. */
  readonly boundaryImage: string | undefined;
}

export interface PlanInput {
  readonly environment: TwinEnvironment;
  readonly twinClass: TwinClass;
  readonly catalogue: Catalogue;
  readonly settings: PlanSettings;
  /** Whether the cluster has the Gateway API. */
  readonly hasRoutes: boolean;
}

/** Whether two inputs give the same plan. */
export function samePlanInput(a: PlanInput, b: PlanInput): boolean {
  const names = [...a.catalogue.keys()];
  return (
    sameSpec(a.environment, b.environment) &&
    isDeepStrictEqual(choosingOf(a.environment), choosingOf(b.environment)) &&
    sameSpec(a.twinClass, b.twinClass) &&
    a.hasRoutes === b.hasRoutes &&
    names.length === b.catalogue.size &&
    names.every((name) => sameSpec(a.catalogue.get(name), b.catalogue.get(name)))
  );
}

type Planned = Pick<TwinEnvironment | TwinClass | VendorTwin, 'metadata' | 'spec'>;

function sameSpec(a: Planned | undefined, b: Planned | undefined): boolean {
  return a === b || (a?.metadata.uid === b?.metadata.uid && isDeepStrictEqual(a?.spec, b?.spec));
}

/** A workload with what the plan knows of it. */
export interface PlannedWorkload extends ResolvedWorkload {
  readonly templateDigest: Digest;
  /** Name of what runs it: its own, or of what runs this content once. */
  readonly object: string;
  readonly url: string | undefined;
  readonly variables: readonly Variable[];
}

/** All that an environment is to be. */
export interface Plan {
  readonly home: Home;
  readonly hosts: EnvironmentHosts;
  /** URL of the environment; undefined without a boundary. */
  readonly url: string | undefined;
  readonly services: readonly ResolvedService[];
  readonly workloads: readonly PlannedWorkload[];
  /** What the boundary leads to. */
  readonly exposed: readonly Pick<Upstream, 'name' | 'port'>[];
  /** Of the Ingress that leads there; undefined where none of it is Twinlock's. */
  readonly certificate: PlannedCertificate | undefined;
  /** HTTPRoutes that lead there; undefined where the class has no Gateway. */
  readonly routes: PlannedRoutes | undefined;
  readonly copies: readonly Copy[];
  readonly manifests: PlannedManifests;
  /** What runs each component that runs here, of the manifests. */
  readonly runners: ReadonlyMap<string, Manifest>;
}

/** In the order in which they have to exist. */
export interface PlannedManifests {
  readonly namespace: Manifest;
  /** Gives this process its rights in the namespace. */
  readonly binding: Manifest;
  /** Bounds, isolation, and who is let in: before the first pod. */
  readonly guards: readonly Manifest[];
  /** What runs. */
  readonly parts: readonly Manifest[];
}

/**
 * Plans an environment.
 *
 * @returns the plan, or everything that speaks against it; then nothing of it is to be applied.
 */
export function planEnvironment(input: PlanInput): Plan | { readonly problems: readonly Problem[] } {
  const { environment, twinClass, catalogue } = input;
  const { spec } = environment;
  const { podSecurity, allowedImages } = twinClass.spec;
  const { services, problems } = resolveServices(spec.services ?? [], catalogue, choosingOf(environment));
  const own = ownConfigMapsOf(spec);
  const app = resolveWorkloads(spec.workloads ?? [], services, podSecurity, selves(input), own);
  const content = { workloads: app.workloads, services, allowedImages };
  const broken = patternProblem(content);
  const found = [
    ...problems,
    ...app.problems,
    nameClash(content),
    needsProblem(spec),
    exposeProblem(content),
    tagProblem(content),
    placementProblem(content),
    sizeProblem(content),
    imageProblem(content),
    broken ?? liveKeyProblem(content) ?? ownLiveKeyProblem(own, liveKeysOf(services)),
    copyProblem(environment, twinClass),
    certificateKeyProblem(environment, app.workloads),
    hostProblem(twinClass, environmentHosts(twinClass.spec.exposure, homeOf(environment)).host),
    egressProblem(spec.network?.egress ?? [], twinClass.spec.network.requestable ?? []),
  ].filter((each) => each !== undefined);
  if (found.length > 0) return { problems: found };
  try {
    const plan = assemble(input, services, app.workloads);
    if ('problems' in plan) return plan;
    const { parts } = plan.manifests;
    const large = quotaProblem(parts, twinClass);
    if (large !== undefined) return { problems: [large] };
    const rolled = withinQuota(parts, twinClass);
    return { ...plan, manifests: { ...plan.manifests, parts: rolled }, runners: runnersOf(rolled) };
  } catch (error) {
    // Embedded templates may hold what has no digest (fractions, half of a surrogate pair); nothing else throws so.
    if (!(error instanceof CanonicalError)) throw error;
    return { problems: [problem('TemplateInvalid', `a pod template cannot be digested: ${error.message}`)] };
  }
}

/** What each workload is told about itself: the first that is exposed answers on the environment's host. */
function selves({
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

function assemble(
  input: PlanInput,
  services: readonly ResolvedService[],
  resolved: readonly ResolvedWorkload[],
): Omit<Plan, 'runners'> | { readonly problems: readonly Problem[] } {
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
  const boundary = boundaryOf(input, services, workloads, hosts);
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

function runnersOf(parts: readonly Manifest[]): ReadonlyMap<string, Manifest> {
  const runners = parts.filter(({ kind }) => environmentRow(kind) !== undefined);
  return new Map(runners.map((part) => [part.metadata.labels?.[COMPONENT_LABEL] ?? '', part]));
}

function boundaryOf(
  { environment, twinClass, settings }: PlanInput,
  services: readonly ResolvedService[],
  workloads: readonly PlannedWorkload[],
  hosts: EnvironmentHosts,
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
    auth: environment.spec.boundary.auth,
  };
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
