/** A bundler that splits code gives CommonJS packages their named exports only where they are imported statically. */
export { ApiObject, App, Chart } from 'cdk8s';
export type { ApiObjectProps } from 'cdk8s';
