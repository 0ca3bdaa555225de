/** Names, labels and URLs of an environment: pure functions of its identity. */
export * from './labels.ts';
export { runName } from './bounded.ts';
export { environmentNamespace, homeOf, madeFor, type EnvironmentIdentity } from './namespace.ts';
export {
  accessHeaders,
  environmentHosts,
  insideURL,
  pagePath,
  REACH_DOMAIN,
  REACHED,
  reachHost,
  TOKEN_NAME,
  twinPath,
  type EnvironmentHosts,
  type Exposure,
  type PortProtocol,
} from './urls.ts';
