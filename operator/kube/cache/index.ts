export { Cache } from './cache.ts';
export type { Cached, CacheOptions } from './cache.ts';
export { intern, internValue } from './intern.ts';
export { Store } from './store.ts';
export type { IndexFunction, Lister } from './store.ts';
export type { EventHandler, Informer, InformerOptions } from './types.ts';
