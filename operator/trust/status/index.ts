/** What people are told of what they signed, and have to sign. */
export { policyStatus } from './policy.ts';
export { acceptedCondition, trustStatus } from './trust.ts';
