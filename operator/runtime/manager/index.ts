export { HttpListener } from './http-listener.ts';
export { Manager } from './manager.ts';
export type { ManagerOptions } from './manager.ts';
export type { Check, ListenAddress, Runnable, RunningManager } from './types.ts';
