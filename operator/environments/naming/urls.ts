import { componentLabel } from './bounded.ts';

/** Where the front door of all environments is, as people type it. */
export interface Exposure {
  readonly domain: string;
  readonly scheme: 'http' | 'https';
  /** Left out: the scheme's own port. */
  readonly port?: number | undefined;
}

/** Hosts and URLs of one environment. */
export interface EnvironmentHosts {
  /** `<envNamespace>.<domain>` */
  readonly host: string;
  /** Host of a component, `<component>--<envNamespace>.<domain>`: one label, so that one wildcard certificate covers all. */
  componentHost(component: string): string;
  /** URL of a host, without a trailing slash unless a path is given. */
  url(host: string, path?: string): string;
}

/**
 * How an environment is reached from outside, by its own namespace; a URL names the port only where it is not the scheme's.
 */
export function environmentHosts(exposure: Exposure, namespace: string): EnvironmentHosts {
  const host = `${namespace}.${exposure.domain}`;
  const usual = exposure.scheme === 'https' ? 443 : 80;
  const suffix = exposure.port === undefined || exposure.port === usual ? '' : `:${exposure.port}`;
  return {
    host,
    componentHost: (component) => `${componentLabel(component, namespace)}.${exposure.domain}`,
    url: (at, path = '') => `${exposure.scheme}://${at}${suffix}${path}`,
  };
}

/** Path below the environment's host under which a twin's API is reached. */
export function twinPath(service: string): string {
  return `/twins/${service}`;
}

/** What is spoken on a port of a component. */
export type PortProtocol = 'HTTP' | 'H2C' | 'TCP';

/** URL of a component from within the environment's namespace, and as nothing but that. */
export function insideURL(component: string, port: number, protocol: PortProtocol = 'HTTP'): string {
  return `${protocol === 'TCP' ? 'tcp' : 'http'}://${component}:${port}`;
}

/** Host by which the boundary is asked whether it reaches a component; no name that people could have. */
export function reachHost(component: string): string {
  return `${component}.${REACH_DOMAIN}`;
}
export const REACH_DOMAIN = 'reach.twinlock';
/** Status that the boundary answers where it does. */
export const REACHED = 204;

/** Where the environments process answers for an environment: its page, and who is let in. */
export function pagePath(namespace: string, name: string, page: 'services' | 'access' | 'open'): string {
  return `/environments/${namespace}/${name}/${page}`;
}

/** Name of the parameter and the cookie that carry the token of a share link. */
export const TOKEN_NAME = 'twinlock-token';
/** Headers between the boundary and the environments process, and between an API client and the boundary. */
export const accessHeaders = {
  token: 'X-Twinlock-Token',
  cookie: 'X-Twinlock-Cookie',
  target: 'X-Twinlock-Target',
  scheme: 'X-Twinlock-Scheme',
} as const;
