import { accessRoutes } from './access.ts';
import { forwardRoutes, unasked, type ForwardAuth } from './forward.ts';
import { served, type ServedFile } from './served.ts';
import { guarded, proxy, reach, route, text, unreached, type Route, type Upstream } from './upstream.ts';
import { BOUNDARY_PORT, PAGE_PORT, PAGE_SERVICE, pagePath, twinPath, type Owner } from '../../naming/index.ts';

/** Port of the boundary's own health, open to the kubelet only: no Service leads to it. */
export const HEALTH_PORT = 8081;

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
  /** Served in place of what workloads have at that path. */
  readonly files: readonly ServedFile[];
  readonly noindex: boolean;
  /** Who is let in: everybody, who has the token of a share link, or whom somebody else's endpoint knows. */
  readonly auth: 'None' | 'Token' | ForwardAuth;
  /** Bytes that the body of a request may have. */
  readonly maxBody: number;
  /** Scheme by which people reach the environment, whatever stands in between. */
  readonly scheme: 'http' | 'https';
  /** A host of the environment as it stands in URLs, with their port. */
  readonly authorityOf: (host: string) => string;
  /** Where a host is reached by https, of an environment whose Ingress ends TLS: what comes by http is sent there. */
  readonly secured?: ((host: string) => string) | undefined;
}

/**
 * Caddy's configuration in its own JSON: data all the way, so that no name can break out of its place as it could in a
 * Caddyfile. Only ports of the vendor's API are dialled; a twin's admin port appears nowhere.
 */
export function boundaryConfig(input: BoundaryInput): object {
  const { owner, systemNamespace, host, hostOf, workloads, twinsByHost, twinsByPath, noindex, maxBody, scheme } = input;
  const [first] = workloads;
  const page = `${PAGE_SERVICE}.${systemNamespace}.svc:${PAGE_PORT}`;
  const routes: readonly Route[] = [
    ...upstreamsOf(input).map(reach),
    ...(noindex ? [{ handle: [tellRobots] }] : []),
    ...redirects(input),
    { handle: [{ handler: 'request_body', max_size: maxBody }] },
    ...authRoutes(input, page),
    route({ host: [host], path: ['/admin/services', '/admin/services/*'] }, [
      {
        handler: 'rewrite',
        uri: `${text(pagePath(owner.namespace, owner.name, 'services'))}?{http.request.uri.query}`,
      },
      proxy(page),
    ]),
    ...twinsByPath.map((twin) => {
      const path = text(twinPath(twin.name));
      return route({ host: [host], path: [path, `${path}/*`] }, [
        { handler: 'rewrite', strip_path_prefix: path },
        ...guarded(twin, scheme, { scheme, host, prefix: twinPath(twin.name), ...twin }),
      ]);
    }),
    ...twinsByHost.map((twin) => {
      const own = hostOf(twin.name);
      return route({ host: [own] }, guarded(twin, scheme, { scheme, host: own, prefix: '', ...twin }));
    }),
    ...input.files.map((file) => {
      const hosts = [hostOf(file.workload), ...(file.workload === first?.name ? [host] : [])];
      return route({ host: hosts, path: [text(file.path)] }, [served(file, text)]);
    }),
    ...workloads.map((upstream) => route({ host: [hostOf(upstream.name)] }, guarded(upstream, scheme))),
    ...(first === undefined ? [] : [route({ host: [host] }, guarded(first, scheme))]),
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
            // What the front door, or the class's own Ingress or Gateway, says about the client is passed on: the
            // NetworkPolicies let nobody else in from outside the environment, and pods have addresses of any range.
            trusted_proxies: { source: 'static', ranges: ['0.0.0.0/0', '::/0'] },
            ...limits,
            routes,
            errors: { routes: [unreached, ...(noindex ? [{ handle: [tellRobots] }] : []), unasked, ...failures] },
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

/** Every host of the environment, its own first. */
export function hostsOf({
  host,
  hostOf,
  workloads,
  twinsByHost,
}: Pick<BoundaryInput, 'host' | 'hostOf' | 'workloads' | 'twinsByHost'>): readonly string[] {
  return [host, ...[...workloads, ...twinsByHost].map(({ name }) => hostOf(name))];
}

/** What is asked before anything else is done with a request. */
function authRoutes(input: BoundaryInput, page: string): readonly Route[] {
  const { owner, scheme, auth, authorityOf } = input;
  if (auth === 'None') return [];
  if (auth === 'Token') return accessRoutes(owner, scheme, page, proxy, text);
  const hosts = hostsOf(input).map((host) => ({ host, authority: authorityOf(host) }));
  return forwardRoutes(auth, { scheme, hosts });
}

/** What the Ingress says came by http, where it has a certificate. */
function redirects(input: BoundaryInput): readonly Route[] {
  const { secured } = input;
  if (secured === undefined) return [];
  return hostsOf(input).map((host) => ({
    match: [{ host: [text(host), `${text(host)}.`], header: { 'X-Forwarded-Proto': ['http'] } }],
    handle: [
      {
        handler: 'static_response',
        // With the method and the body that it had.
        status_code: 308,
        headers: { Location: [`${text(secured(host))}{http.request.uri}`] },
      },
    ],
    terminal: true,
  }));
}

/** Everything that is led to. */
export function upstreamsOf({
  workloads,
  twinsByHost,
  twinsByPath,
}: Pick<BoundaryInput, 'workloads' | 'twinsByHost' | 'twinsByPath'>): readonly Upstream[] {
  return [...workloads, ...twinsByHost, ...twinsByPath];
}

/** Bounds of what somebody may hold open or send before anything is asked of an app. */
const limits: Route = { read_header_timeout: '10s', idle_timeout: '2m', max_header_bytes: 65_536 };
/** What the boundary says when there is no answer to pass on. */
const failures: readonly Route[] = [
  failure(
    ['413'],
    'The body of this request is larger than the class of this environment allows (exposure.maxBodySize).',
  ),
  failure(
    ['502', '503', '504'],
    'What is behind this address does not answer, or has too much to do. kubectl describe twinenvironment says what it waits for.',
  ),
];

function failure(statuses: readonly string[], body: string): Route {
  return {
    match: [{ vars: { '{http.error.status_code}': statuses } }],
    handle: [{ handler: 'static_response', status_code: '{http.error.status_code}', body: `${body}\n` }],
  };
}

const tellRobots: Route = {
  handler: 'headers',
  // Deferred: after the upstream's own headers.
  response: { deferred: true, set: { 'X-Robots-Tag': ['noindex, nofollow'] } },
};
