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
