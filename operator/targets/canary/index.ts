/** Is the lock enforced at all? Asked of the API server itself, again and again. */
export { Canary, type CanaryOptions, type Watched } from './canary.ts';
export { policyDrift, type Installed } from './drift.ts';
export { followPolicies, type FollowedPolicies } from './installed.ts';
export { foreignMutators, mutatorLine, type ForeignMutator, type Mutators } from './mutators.ts';
export { probe, type Enforcement, type Tried } from './probe.ts';
export { refusedReplacement, replacementLine } from './replacement.ts';
export { wireCanary } from './wire.ts';
