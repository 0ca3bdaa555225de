/** The audit chain of a target: pure rules, and the store that appends to it. */
export * from './audit/index.ts';
export { chainFaults, headOf, nameOf, recordDigest, sealRecord, sealRecords } from './chain.ts';
export * from './checkpoint/index.ts';
export { newestCut } from './cut.ts';
export { outcomeEntry, promotionRef, type OutcomeInput } from './entries.ts';
export { historyOf, jobRecordOf, openApproval, openRounds, resultOf, type PromotionHistory } from './history.ts';
export { maskedRecord, type LoggedRecord } from './masked.ts';
export { votesProof, type ProvingKeyring } from './proof.ts';
export { RecordMirror } from './mirror.ts';
export type { Standing } from './retained.ts';
export { decideRetention, type CutRecord, type Retention } from './retention.ts';
export { RecordStore, type RecordStoreOptions } from './store.ts';
export type * from './types.ts';
