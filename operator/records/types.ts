import type { PromotionRecord } from '../api/index.ts';

/** `spec` of a PromotionRecord. */
export type RecordSpec = PromotionRecord['spec'];
/** What happened; sealing gives it its place in the chain. */
export type RecordEntry = Omit<RecordSpec, 'target' | 'sequence' | 'previous' | 'digest'>;
export type RecordTarget = RecordSpec['target'];
export type Outcome = NonNullable<RecordSpec['outcome']>;
export type OutcomeResult = Outcome['result'];
export type RecordedSpec = NonNullable<RecordSpec['desiredSpecs']>[number];
export type RecordedObject = NonNullable<RecordSpec['desiredObjects']>[number];
export type RecordedChange = NonNullable<Outcome['changes']>[number];

/** What a record of type Cut says of those before it. */
export type Cut = NonNullable<RecordSpec['cut']>;

export type RecordedJob = NonNullable<RecordSpec['jobs']>[number];

/** What makes a record a link of its chain; its digest covers whatever else it holds. */
export interface ChainLink {
  readonly sequence: number;
  readonly previous?: { readonly digest: string } | undefined;
  readonly parts?: RecordSpec['parts'];
  readonly cut?: RecordSpec['cut'];
  readonly digest: string;
}

/** A fault in a chain, in words for an auditor. */
export interface ChainFault {
  readonly sequence: number;
  readonly message: string;
}
