export * from './crd.ts';
export { SchemaError } from './errors.ts';
export { structural } from './structural.ts';
export type * from './types.ts';
