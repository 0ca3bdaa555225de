import type { Frozen, TwinEnvironmentSpec, VendorTwin } from '../../../api/index.ts';
import { insideURL, type PortProtocol } from '../../naming/index.ts';
import { choose, type Choosing, type Chosen, type TwinVersion } from './chosen.ts';
import { problem, type Problem } from './problem.ts';
import { claimOf, type Claim } from './state.ts';

export type ServiceSpec = Frozen<NonNullable<TwinEnvironmentSpec['services']>[number]>;
export type ServiceMode = ServiceSpec['mode'];
/** What a variable gets, as a VendorTwin or a workload writes it. */
export type BindingSpec = NonNullable<TwinVersion['bindings']>[number];

/** Where a twin answers, as the workloads see it. */
export interface Endpoint {
  readonly url: string;
  /** Without the brackets that an IPv6 address has in a URL. */
  readonly host: string;
  readonly port: number;
}

/** A port of a twin or workload by the name that its Service gives it. */
export interface NamedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: PortProtocol;
}

/** What an image needs that does not say it itself. */
export interface Start {
  readonly command: readonly string[] | undefined;
  readonly runAsUser: number | undefined;
  readonly writablePaths: readonly string[];
}

/** A twin that runs in the environment. */
export interface RunningTwin {
  readonly image: string;
  /** The one that bindings are of. */
  readonly port: NamedPort;
  /** All of them, that one first. */
  readonly ports: readonly NamedPort[];
  readonly adminPort: number | undefined;
  /** What the boundary refuses on the vendor's ports. */
  readonly adminPaths: readonly string[];
  readonly start: Start;
  readonly args: readonly string[] | undefined;
  readonly env: readonly { readonly name: string; readonly value: string }[] | undefined;
  /** Left out: an open port is enough. */
  readonly readinessPath: string | undefined;
  readonly statePath: string | undefined;
  readonly resources: ServiceSpec['resources'];
  /** The image is the environment's own, not one of the catalogue. */
  readonly inline: boolean;
}

/** One entry of the registry with all that the catalogue says about it. */
export interface ResolvedService {
  readonly name: string;
  readonly mode: ServiceMode;
  /** Undefined where the twin is the environment's own. */
  readonly chosen: Chosen | undefined;
  /** The catalogue has other content of that version by now, which the environment was not told to take. */
  readonly outdated: boolean;
  /** Set while the mode is Twin. */
  readonly endpoint: Endpoint | undefined;
  /** Set when the twin runs in the environment. */
  readonly twin: RunningTwin | undefined;
  /** The claim that keeps the state, whatever the mode: switching to Real and back loses nothing. */
  readonly claim: Claim | undefined;
  readonly expose: ServiceSpec['expose'];
  /** Variables that the catalogue brings. */
  readonly bindings: readonly BindingSpec[];
  readonly dummyKey: string | undefined;
  readonly liveKeyPatterns: readonly string[];
}

/** VendorTwins by name. */
export type Catalogue = ReadonlyMap<string, VendorTwin>;

/**
 * Finds the twin of every service.
 *
 * @returns the services, or what is missing: a VendorTwin or one of its versions that a Twin needs.
 */
export function resolveServices(
  services: readonly ServiceSpec[],
  catalogue: Catalogue,
  choosing: Choosing,
): { readonly services: readonly ResolvedService[]; readonly problems: readonly Problem[] } {
  const resolved: ResolvedService[] = [];
  const problems: Problem[] = [];
  for (const spec of services) {
    const outcome = resolve(spec, catalogue, choosing);
    if ('reason' in outcome) problems.push(outcome);
    else resolved.push(outcome);
  }
  return { services: resolved, problems };
}

function resolve(spec: ServiceSpec, catalogue: Catalogue, choosing: Choosing): ResolvedService | Problem {
  const own = spec.image !== undefined || spec.externalURL !== undefined;
  const wanted = spec.vendorTwinRef?.name ?? spec.name;
  const vendorTwin = catalogue.get(wanted);
  const former = choosing.chosen.get(spec.name);
  // A choice of another VendorTwin says nothing of this one.
  const kept = former?.vendorTwin === wanted ? former : undefined;
  const choice = choose(spec.vendorTwinRef?.version, vendorTwin, kept, choosing);
  const version = choice?.version;
  if (!own && spec.mode === 'Twin') {
    if (vendorTwin === undefined) {
      return problem(
        'VendorTwinNotFound',
        `service ${spec.name}: there is no VendorTwin ${wanted}; create it, name another in vendorTwinRef, or give an image or externalURL`,
      );
    }
    if (version === undefined) {
      const known = vendorTwin.spec.versions.map((candidate) => candidate.version).join(', ');
      const named = spec.vendorTwinRef?.version;
      return problem(
        'VendorTwinVersionNotFound',
        named === undefined
          ? `service ${spec.name}: VendorTwin ${wanted} has version ${kept?.version} no more, and a LongLived environment moves only when it is told: name one of ${known} in vendorTwinRef.version`
          : `service ${spec.name}: VendorTwin ${wanted} has no version ${named}; it has ${known}`,
      );
    }
    if (spec.state?.persistence === 'Durable' && version.statePath === undefined) {
      return problem(
        'NoStatePath',
        `service ${spec.name}: Durable state needs a statePath in version ${version.version} of VendorTwin ${wanted}`,
      );
    }
  }
  if (spec.externalURL !== undefined && !URL.canParse(spec.externalURL)) {
    return problem('InvalidURL', `service ${spec.name}: externalURL is no URL; write one such as https://twin.example`);
  }
  const twin = spec.mode === 'Twin' ? runningTwin(spec, version) : undefined;
  return {
    name: spec.name,
    mode: spec.mode,
    chosen: own
      ? undefined
      : choice === undefined
        ? kept
        : { vendorTwin: wanted, version: choice.version.version, entry: choice.entry },
    outdated: !own && choice?.outdated === true,
    twin,
    endpoint: endpointOf(spec, twin),
    claim: claimOf(spec.state),
    expose: spec.expose,
    bindings: own ? [] : (version?.bindings ?? []),
    dummyKey: own ? undefined : version?.dummyKey,
    liveKeyPatterns: version?.liveKeyPatterns ?? [],
  };
}

function runningTwin(spec: ServiceSpec, version: TwinVersion | undefined): RunningTwin | undefined {
  if (spec.externalURL !== undefined) return undefined;
  const source = spec.image === undefined ? version : { ...spec, image: spec.image };
  const ports = source?.ports ?? (source?.port === undefined ? [] : [{ ...single, port: source.port }]);
  const [port] = ports;
  if (source === undefined || port === undefined) return undefined;
  const { image, adminPort, adminPaths = [], args, env } = source;
  const start = startOf(source);
  const shared = { image, port, ports, adminPort, adminPaths, start, args, env };
  return spec.image === undefined
    ? {
        ...shared,
        statePath: version?.statePath,
        readinessPath: version?.readiness?.path,
        resources: spec.resources ?? version?.resources,
        inline: false,
      }
    : { ...shared, statePath: undefined, readinessPath: undefined, resources: spec.resources, inline: true };
}

/** What `port` alone stands for. */
const single = { name: 'http', protocol: 'HTTP' } as const;

function startOf({ command, runAsUser, writablePaths = [] }: Pick<TwinVersion, keyof Start>): Start {
  return { command, runAsUser, writablePaths };
}

function endpointOf(spec: ServiceSpec, twin: RunningTwin | undefined): Endpoint | undefined {
  if (spec.mode !== 'Twin') return undefined;
  if (twin !== undefined) {
    const { port, protocol } = twin.port;
    return { url: insideURL(spec.name, port, protocol), host: spec.name, port };
  }
  return spec.externalURL === undefined ? undefined : endpointAt(spec.externalURL);
}

/** The parts of a URL that parses. */
export function endpointAt(text: string): Endpoint {
  const url = new URL(text);
  const usual = url.protocol === 'https:' ? 443 : 80;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { url: text, host, port: url.port === '' ? usual : Number(url.port) };
}
