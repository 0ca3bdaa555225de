import { notAfterOf, type Promotion } from '../../api/index.ts';
import type { PromotionHistory } from '../../records/index.ts';

/** Whether a promotion may still open the lock: what it asked to freeze is free again with it. */
export function asksStill(
  { metadata, spec }: Pick<Promotion, 'metadata' | 'spec'>,
  { ended, approved }: PromotionHistory,
  now: number,
): boolean {
  if (metadata.deletionTimestamp !== undefined || ended !== undefined) return false;
  // What ran out before anybody was asked leaves no record.
  return approved !== undefined || now <= notAfterOf({ metadata, spec });
}
