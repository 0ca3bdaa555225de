/** Routes of the boundary that lead to what answers in the environment. */
import { REACH_DOMAIN, REACHED, reachHost } from '../../naming/index.ts';
import { adminPattern } from './admin-paths.ts';
import { rewrittenHeaders, type Outside } from './rewritten.ts';

/** Something that answers HTTP in the environment's namespace. */
export interface Upstream {
  readonly name: string;
  readonly port: number;
  /** It speaks HTTP/2 without TLS, as gRPC does. */
  readonly h2c: boolean;
  /** What is for the inside only. */
  readonly adminPaths: readonly string[];
}

/** A part of Caddy's configuration. */
export type Route = Readonly<Record<string, unknown>>;

/** Scheme by which people reach the environment. */
type Scheme = 'http' | 'https';

/** Requests to one upstream at a time; WebSockets and event streams count as long as they last. */
const MAX_REQUESTS = 512;

/**
 * Whether something behind the boundary answers, for the environments process: whatever it answers is good, and nothing of
 * it gets out, so that this needs no token.
 */
export function reach({ name, port, h2c }: Upstream): Route {
  const transport = { protocol: 'http', dial_timeout: '2s', response_header_timeout: '3s' };
  return {
    match: [{ host: [text(reachHost(name))], method: ['GET'], path: ['/'] }],
    handle: [
      proxy(`${name}:${port}`, {
        transport: { ...transport, ...(h2c ? { versions: ['h2c'] } : {}) },
        headers: { request: { set: { Host: [text(`${name}:${port}`)] } } },
        handle_response: [{ routes: [{ handle: [{ handler: 'static_response', status_code: REACHED }] }] }],
      }),
    ],
    terminal: true,
  };
}

/** What Caddy itself says of one that does not. */
export const unreached: Route = {
  match: [{ host: [`*.${REACH_DOMAIN}`] }],
  handle: [{ handler: 'static_response', status_code: '{http.error.status_code}', body: '{http.error.message}\n' }],
  terminal: true,
};

/** What answers at these hosts, and at these paths of theirs. */
export function route(
  match: { readonly host: readonly string[]; readonly path?: readonly string[] },
  handle: readonly object[],
): Route {
  return {
    match: [
      {
        host: match.host.flatMap((host) => [text(host), `${text(host)}.`]),
        ...(match.path === undefined ? {} : { path: match.path }),
      },
    ],
    handle,
    terminal: true,
  };
}

/** What leads to an upstream and keeps its admin API inside. */
export function guarded(
  { name, port, h2c, adminPaths }: Upstream,
  scheme: Scheme,
  outside?: Outside,
): readonly Route[] {
  const lead = proxy(`${name}:${port}`, {
    ...(h2c ? { transport: { protocol: 'http', versions: ['h2c'] } } : {}),
    headers: forwarded(scheme, outside),
  });
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

/** What an upstream is told of the way to it, and what it says of itself in its answers. */
function forwarded(scheme: Scheme, outside: Outside | undefined): Route {
  const set = {
    // Who ends TLS in front may say nothing of it; the class does.
    ...(scheme === 'https' ? { 'X-Forwarded-Proto': ['https'] } : {}),
    ...(outside === undefined || outside.prefix === '' ? {} : { 'X-Forwarded-Prefix': [text(outside.prefix)] }),
  };
  return {
    request: { set },
    ...(outside === undefined ? {} : { response: { replace: rewrittenHeaders(outside) } }),
  };
}

/** Leads to an address. */
export function proxy(dial: string, rest: Route = {}): Route {
  return { handler: 'reverse_proxy', upstreams: [{ dial: text(dial), max_requests: MAX_REQUESTS }], ...rest };
}

/** Caddy fills in `{placeholders}` in nearly every string; a backslash takes that meaning away. */
export function text(value: string): string {
  return value.replaceAll('{', '\\{');
}
