// A module of its own, imported on first use: bundlers give an `import()` of CommonJS no named exports, but of this one.
export { ApiObject, App, Chart } from 'cdk8s';
export type { ApiObjectProps } from 'cdk8s';
