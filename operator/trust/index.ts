/**
 * Sealed trust: keyrings, policies and targets count in the version that people signed, read from a chain of records.
 */
export { keyOf, type SealedObject, type Standing, type TrustTerms } from './decide/index.ts';
export { AsWritten, Sealing, type InForce, type Kept } from './gather/index.ts';
export { untilNextText } from './reconcile.ts';
export { acceptedCondition, trustStatus } from './status/index.ts';
export { acceptanceWatch, trustWatches, wireTrust } from './wire.ts';
