// A module of its own, imported on first use: bundlers give an `import()` of CommonJS no named exports, but of this one.
export { parse } from 'yaml';
