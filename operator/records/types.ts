import type { PromotionRecord } from '../api/index.ts';

/** `spec` of a PromotionRecord. */
export type RecordSpec = PromotionRecord['spec'];
/** What happened; sealing gives it its place in the chain. */
export type RecordEntry = Omit<RecordSpec, 'target' | 'sequence' | 'previous' | 'digest'>;
export type RecordTarget = RecordSpec['target'];
export type Outcome = NonNullable<RecordSpec['outcome']>;
export type OutcomeResult = Outcome['result'];
export type RecordedVote = NonNullable<RecordSpec['votes']>[number];
export type RecordedGate = NonNullable<RecordSpec['gates']>[number];
export type RecordedArtifact = NonNullable<RecordSpec['artifacts']>[number];
export type RecordedSpec = NonNullable<RecordSpec['desiredSpecs']>[number];
export type RecordedKeyring = NonNullable<RecordSpec['keyring']>;
export type RecordedChange = NonNullable<Outcome['changes']>[number];
