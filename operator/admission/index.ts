export { renderPolicies, type RenderOptions } from './render.ts';
export type { PolicyObject } from './policy.ts';
export { livePodDifference, podDifference } from './judge.ts';
export type { LiveRules } from './live-pod.ts';
