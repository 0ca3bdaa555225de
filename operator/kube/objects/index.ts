export * from './cluster.ts';
export * from './core.ts';
export * from './networking.ts';
export * from './object.ts';
export * from './rbac.ts';
export * from './resource-type.ts';
export * from './workloads.ts';
export type { ObjectFrom, Wire } from './wire.ts';
