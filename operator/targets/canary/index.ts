/** Is the lock enforced at all? Asked of the API server itself, again and again. */
export { Canary, type CanaryOptions } from './canary.ts';
export { policyDrift, type Installed } from './drift.ts';
export { followPolicies } from './installed.ts';
export { probe, type Enforcement } from './probe.ts';
