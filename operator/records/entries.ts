import type { Promotion, PromotionReason } from '../api/index.ts';
import { digestOf, escapeNonPrintable, rfc3339 } from '../canonical/index.ts';
import { nameOf } from './chain.ts';
import type { Outcome, RecordedChange, RecordEntry, RecordSpec } from './types.ts';

/** How records name a promotion; the uid tells it from namesakes. */
export function promotionRef(
  { metadata, spec }: Promotion,
  requestedBy: string | undefined,
): NonNullable<RecordEntry['promotion']> {
  const shown = escapeNonPrintable(requestedBy ?? '')
    .trim()
    .slice(0, 253);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    specDigest: digestOf(spec),
    ...(shown === '' ? {} : { requestedBy: shown }),
    ...(spec.reason === undefined ? {} : { reason: spec.reason }),
  };
}

export interface OutcomeInput {
  readonly now: number;
  readonly promotion: NonNullable<RecordEntry['promotion']>;
  /** The round that was decided; undefined when none was opened. */
  readonly round: RecordSpec | undefined;
  readonly result: Outcome['result'];
  readonly reason: PromotionReason;
  readonly message: string;
  readonly changes?: readonly RecordedChange[] | undefined;
}

/** An Outcome record. */
export function outcomeEntry(input: OutcomeInput): RecordEntry {
  const { now, promotion, round, result, reason, message, changes } = input;
  return {
    type: 'Outcome',
    time: rfc3339(now),
    promotion,
    ...(round?.round === undefined ? {} : { round: { ...round.round, record: nameOf(round) } }),
    outcome: { result, reason, message: message.slice(0, 2000), ...(changes === undefined ? {} : { changes }) },
  };
}
