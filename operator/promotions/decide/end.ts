import { annotations, recordedReason } from '../../api/index.ts';
import type { PromotionReason, Promotion } from '../../api/index.ts';
import { outcomeEntry, promotionRef, type OutcomeResult, type RecordedChange } from '../../records/index.ts';
import type { Verdict } from './verdict.ts';
import type { Known, OverWorld } from './world.ts';

/** A record says how it ended. */
export function recordedEnd({ ended: { outcome } }: Pick<OverWorld, 'ended'>): Verdict {
  return {
    phase: outcome?.result ?? 'Failed',
    reason: recordedReason(outcome?.reason ?? ''),
    message: outcome?.message ?? 'the record of its end says nothing',
  };
}

/** It ends, with a record that says so. */
export function end(
  { now, promotion, history: { round } }: Known,
  result: Exclude<OutcomeResult, 'Approved'>,
  reason: PromotionReason,
  message: string,
  changes?: readonly RecordedChange[],
): Verdict {
  const ref = promotionRef(promotion, requesterOf(promotion));
  return {
    phase: result,
    reason,
    message,
    action: { do: 'Append', entry: outcomeEntry({ now, promotion: ref, round, result, reason, message, changes }) },
  };
}

/** The annotation that admission sets from userInfo. */
export function requesterOf({ metadata }: Promotion): string | undefined {
  return metadata.annotations?.[annotations.requestedBy];
}
