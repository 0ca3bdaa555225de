/** Kubernetes for programs: a client, caches that follow the API server, idempotent writes. Knows nothing of Twinlock. */
export * from './objects/index.ts';
export * from './clock/index.ts';
export * from './errors.ts';
export { silentLogger } from './logger.ts';
export type { Logger } from './logger.ts';
export type * from './client/client.ts';
export { Store } from './cache/store.ts';
export type { IndexFunction, Lister } from './cache/store.ts';
export type * from './cache/types.ts';
export type * from './apply/types.ts';
export type * from './events/types.ts';
export { inClusterConfig, kubeconfigConfig, loadConfig } from './config/index.ts';
export type { ClusterConfig, LoadConfigOptions, TlsMaterial } from './config/index.ts';
export { KubeClient } from './client/kube-client.ts';
export type { KubeClientOptions } from './client/kube-client.ts';
export type { RequestReport } from './transport/index.ts';
export { Cache } from './cache/cache.ts';
export type { Cached, CacheOptions } from './cache/cache.ts';
