import type { OutcomeResult, RecordSpec } from './types.ts';

/** Where a promotion stands, as its target's records tell it. */
export interface PromotionHistory {
  /** Every round, oldest first. */
  readonly rounds: readonly RecordSpec[];
  /** The last round, as long as nothing ended it. */
  readonly round: RecordSpec | undefined;
  /** The approval of that round. */
  readonly approved: RecordSpec | undefined;
  /** How it ended. A later end (an undo after completion) replaces an earlier one. */
  readonly ended: RecordSpec | undefined;
}

/** Reads one promotion's story out of its target's chain; only the uid counts, a namesake is another promotion. */
export function historyOf(records: readonly RecordSpec[], uid: string): PromotionHistory {
  const rounds: RecordSpec[] = [];
  let approved: RecordSpec | undefined;
  let ended: RecordSpec | undefined;
  for (const record of records) {
    if (record.promotion?.uid !== uid) continue;
    if (record.type === 'Round') {
      rounds.push(record);
      // A round after an approval: the approval did not hold until the lock was opened.
      approved = undefined;
    }
    if (resultOf(record) === 'Approved') approved = record;
    else if (record.type === 'Outcome') ended = record;
  }
  return { rounds, round: rounds.at(-1), approved, ended };
}

/** The approval whose rollout a target is busy with: the last one that nothing ended. At most one by construction. */
export function openApproval(records: readonly RecordSpec[]): RecordSpec | undefined {
  for (const record of records.toReversed()) {
    if (resultOf(record) !== 'Approved' || record.promotion === undefined) continue;
    const { approved, ended } = historyOf(records, record.promotion.uid);
    return approved?.sequence === record.sequence && ended === undefined ? record : undefined;
  }
  return undefined;
}

/** The last round of each promotion that people are asked about: neither approved nor ended, as far as the records tell. */
export function openRounds(records: readonly RecordSpec[]): readonly RecordSpec[] {
  const rounds = new Map<string, RecordSpec>();
  for (const record of records) {
    const { type, promotion } = record;
    if (promotion === undefined) continue;
    if (type === 'Round') rounds.set(promotion.uid, record);
    else if (type === 'Outcome') rounds.delete(promotion.uid);
  }
  return [...rounds.values()];
}

/** What is on record of a Job of a promotion; undefined while it is not over. */
export function jobRecordOf(
  records: readonly RecordSpec[],
  promotion: string,
  name: string,
): NonNullable<RecordSpec['job']> | undefined {
  return records.find(({ promotion: of, job }) => of?.uid === promotion && job?.name === name)?.job;
}

/** The result that an outcome records; undefined for every other record. */
export function resultOf(record: RecordSpec): OutcomeResult | undefined {
  return record.type === 'Outcome' ? record.outcome?.result : undefined;
}
