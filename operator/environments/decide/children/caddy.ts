import { adminPattern } from './admin-paths.ts';
import { BOUNDARY_PORT, PAGE_PORT, PAGE_SERVICE, twinPath, type Owner } from '../../naming/index.ts';

/** Port of the boundary's own health, open to the kubelet only: no Service leads to it. */
export const HEALTH_PORT = 8081;

/** Something that answers HTTP in the environment's namespace. */
export interface Upstream {
  readonly name: string;
  readonly port: number;
  /** It speaks HTTP/2 without TLS, as gRPC does. */
  readonly h2c: boolean;
  /** What is for the inside only. */
  readonly adminPaths: readonly string[];
}

/** What the boundary leads to. */
export interface BoundaryInput {
  readonly owner: Owner;
  readonly systemNamespace: string;
  /** Host of the environment. */
  readonly host: string;
  readonly hostOf: (component: string) => string;
  /** Workloads with a host of their own; the first one also answers on the environment's host. */
  readonly workloads: readonly Upstream[];
  readonly twinsByHost: readonly Upstream[];
  readonly twinsByPath: readonly Upstream[];
  readonly noindex: boolean;
}

type Route = Readonly<Record<string, unknown>>;

/**
 * Caddy's configuration in its own JSON: data all the way, so that no name can break out of its place as it could in a
 * Caddyfile. Only ports of the vendor's API are dialled; a twin's admin port appears nowhere.
 */
export function boundaryConfig(input: BoundaryInput): object {
  const { owner, systemNamespace, host, hostOf, workloads, twinsByHost, twinsByPath, noindex } = input;
  const [first] = workloads;
  const page = `${PAGE_SERVICE}.${systemNamespace}.svc.cluster.local:${PAGE_PORT}`;
  const pagePath = `/environments/${owner.namespace}/${owner.name}/services`;
  const routes: readonly Route[] = [
    ...(noindex ? [{ handle: [tellRobots] }] : []),
    route({ host: [host], path: ['/admin/services', '/admin/services/*'] }, [
      { handler: 'rewrite', uri: `${text(pagePath)}?{http.request.uri.query}` },
      proxy(page),
    ]),
    ...twinsByPath.map((twin) => {
      const path = text(twinPath(twin.name));
      return route({ host: [host], path: [path, `${path}/*`] }, [
        { handler: 'rewrite', strip_path_prefix: path },
        ...guarded(twin),
      ]);
    }),
    ...[...workloads, ...twinsByHost].map((upstream) => route({ host: [hostOf(upstream.name)] }, guarded(upstream))),
    ...(first === undefined ? [] : [route({ host: [host] }, guarded(first))]),
    {
      handle: [
        { handler: 'static_response', status_code: 404, body: 'This environment has nothing at this address.\n' },
      ],
    },
  ];
  return {
    admin: { disabled: true, config: { persist: false } },
    logging: { logs: { default: { level: 'WARN' } } },
    apps: {
      http: {
        servers: {
          boundary: {
            listen: [`:${BOUNDARY_PORT}`],
            protocols: ['h1', 'h2c'],
            automatic_https: { disable: true },
            // The front door stands before it; what it says about the client's address and scheme is passed on.
            trusted_proxies: { source: 'static', ranges: privateRanges },
            routes,
          },
          health: {
            listen: [`:${HEALTH_PORT}`],
            automatic_https: { disable: true },
            routes: [{ handle: [{ handler: 'static_response', status_code: 200 }] }],
          },
        },
      },
    },
  };
}

/** What a Caddyfile calls `private_ranges`; its JSON has no word for it. */
const privateRanges = ['192.168.0.0/16', '172.16.0.0/12', '10.0.0.0/8', '127.0.0.0/8', 'fd00::/8', '::1/128'];

const tellRobots: Route = {
  handler: 'headers',
  // Deferred: after the upstream's own headers.
  response: { deferred: true, set: { 'X-Robots-Tag': ['noindex, nofollow'] } },
};

function route(
  match: { readonly host: readonly string[]; readonly path?: readonly string[] },
  handle: readonly object[],
): Route {
  return {
    match: [{ host: match.host.map(text), ...(match.path === undefined ? {} : { path: match.path }) }],
    handle,
    terminal: true,
  };
}

/** What leads to an upstream and keeps its admin API inside. */
function guarded({ name, port, h2c, adminPaths }: Upstream): readonly Route[] {
  const lead = proxy(`${name}:${port}`, h2c);
  if (adminPaths.length === 0) return [lead];
  const refused = {
    match: [{ vars_regexp: { '{http.request.uri}': { pattern: adminPattern(adminPaths) } } }],
    handle: [{ handler: 'static_response', status_code: 403, body: ADMIN_REFUSED }],
    terminal: true,
  };
  const tunnel = {
    match: [{ not: [{ header_regexp: { Upgrade: { pattern: '(?i)^websocket$' } } }] }],
    handle: [{ handler: 'headers', request: { delete: ['Upgrade'] } }],
  };
  return [
    { handler: 'headers', request: { delete: OTHER_PATHS } },
    { handler: 'subroute', routes: [refused, tunnel, { handle: [lead] }] },
  ];
}

const ADMIN_REFUSED = "This path is the twin's admin API, which is reached within its environment only.\n";
/** Headers that name another path than the request line, which some frameworks believe. */
const OTHER_PATHS = ['X-Original-Url', 'X-Rewrite-Url', 'X-Forwarded-Uri', 'X-Forwarded-Path', 'X-Override-Url'];

function proxy(dial: string, h2c = false): Route {
  return {
    handler: 'reverse_proxy',
    upstreams: [{ dial: text(dial) }],
    ...(h2c ? { transport: { protocol: 'http', versions: ['h2c'] } } : {}),
  };
}

/** Caddy fills in `{placeholders}` in nearly every string; a backslash takes that meaning away. */
function text(value: string): string {
  return value.replaceAll('{', '\\{');
}
