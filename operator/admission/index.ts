export { renderPolicies, type RenderOptions } from './render.ts';
export type { PolicyObject } from './policy.ts';
export { podDifference } from './judge.ts';
