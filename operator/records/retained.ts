import { parseTime } from '../canonical/index.ts';
import { headOf, nameOf } from './chain.ts';
import { resultOf } from './history.ts';
import type { RecordSpec } from './types.ts';

/** What stands outside of a chain and needs records of it. */
export interface Standing {
  /** Names of the records that the lock refers to. */
  readonly approved: ReadonlySet<string>;
  /** Uids of the Promotions that are there. */
  readonly promotions: ReadonlySet<string>;
  /** Names of the Jobs that are there: they stay until somebody deletes them, and a record says what they are. */
  readonly jobs: ReadonlySet<string>;
}

/** What was taken over and who is trusted is asked for as long as there is a chain. */
const LASTING: readonly RecordSpec['type'][] = ['Adopted', 'Trust'];

/**
 * When each record of a chain may go, in milliseconds since the epoch; Infinity while it says why something stands. What is
 * about one promotion goes together, and a part with what it is a part of.
 *
 * @param keepFor milliseconds
 */
export function timesToGo(
  records: readonly RecordSpec[],
  standing: Standing,
  keepFor: number,
): ReadonlyMap<RecordSpec, number> {
  const needed = neededPromotions(records, standing);
  const own = new Map<RecordSpec, number>();
  /** By what it goes with: its promotion. */
  const together = new Map<string, number>();
  let due = -Infinity;
  for (const record of records) {
    due = Math.max(due, dueAt(record, keepFor));
    own.set(record, staysItself(record, records, standing) ? Infinity : due);
    if (record.promotion !== undefined)
      together.set(record.promotion.uid, needed.has(record.promotion.uid) ? Infinity : due);
  }
  const times = new Map(
    records.map((record) => [
      record,
      Math.max(own.get(record) ?? Infinity, together.get(record.promotion?.uid ?? '') ?? -Infinity),
    ]),
  );
  for (const [record, time] of times) for (const part of partsOf(record, records)) times.set(part, time);
  return times;
}

/** A time that cannot be read never comes. */
function dueAt({ time }: RecordSpec, keepFor: number): number {
  const written = parseTime(time);
  return Number.isNaN(written) ? Infinity : written + keepFor;
}

/** The next record names the last one; a chain without any would begin anew. */
function staysItself(record: RecordSpec, records: readonly RecordSpec[], { approved }: Standing): boolean {
  return record === headOf(records) || LASTING.includes(record.type) || approved.has(nameOf(record));
}

function partsOf({ parts = [] }: RecordSpec, records: readonly RecordSpec[]): readonly RecordSpec[] {
  const names = parts.flatMap(({ records: of }) => of);
  return names.length === 0 ? [] : records.filter((record) => names.includes(nameOf(record)));
}

/**
 * Promotions that are there, that nothing ended, that brought what is approved or a Job that is there, and the last ones
 * that decided about each workload and object: what is recalled when somebody deletes the lock.
 */
function neededPromotions(
  records: readonly RecordSpec[],
  { approved, promotions, jobs }: Standing,
): ReadonlySet<string> {
  const needed = new Set(promotions);
  const open = new Set<string>();
  for (const record of records) {
    const { promotion, jobs: signed = [] } = record;
    if (promotion === undefined) continue;
    if (record.type === 'Outcome' && resultOf(record) !== 'Approved') open.delete(promotion.uid);
    else if (record.type !== 'Job') open.add(promotion.uid);
    if (approved.has(nameOf(record)) || signed.some(({ job }) => jobs.has(job))) needed.add(promotion.uid);
  }
  for (const uid of [...open, ...lastDeciders(records)]) needed.add(uid);
  return needed;
}

function lastDeciders(records: readonly RecordSpec[]): readonly string[] {
  const byName = new Map(records.map((record) => [nameOf(record), record]));
  const decided = new Set<string>();
  return records.toReversed().flatMap((record) => {
    if (resultOf(record) !== 'Approved' || record.promotion === undefined) return [];
    const round = byName.get(record.round?.record ?? '');
    if (round === undefined) return [];
    const { currentSpecs = [], desiredSpecs, currentObjects = [], desiredObjects = [] } = round;
    // What its parts hold cannot be read.
    if (desiredSpecs === undefined) return [record.promotion.uid];
    const keys = [...currentSpecs, ...desiredSpecs, ...currentObjects, ...desiredObjects].map(
      ({ kind, name }) => `${kind}/${name}`,
    );
    const isLast = keys.some((key) => !decided.has(key));
    for (const key of keys) decided.add(key);
    return isLast ? [record.promotion.uid] : [];
  });
}
