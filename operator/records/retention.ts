import { MAX_KEPT } from '../api/index.ts';
import { parseTime, rfc3339 } from '../canonical/index.ts';
import { nameOf } from './chain.ts';
import { newestCut } from './cut.ts';
import { timesToGo, type Standing } from './retained.ts';
import type { Cut, RecordEntry, RecordSpec } from './types.ts';

/** What becomes of records that are old. */
export type Retention =
  /** The chain says first what goes: written before the first one is deleted. */
  | { readonly do: 'Cut'; readonly entry: RecordEntry }
  /** Names of what the newest cut lets go, oldest first. */
  | { readonly do: 'Delete'; readonly names: readonly string[]; readonly by: CutRecord }
  /** Until then, if the world stays as it is. */
  | { readonly do: 'Nothing'; readonly until?: number };

/** A record of type Cut. */
export type CutRecord = RecordSpec & { readonly cut: Cut };

export interface RetentionInput {
  readonly now: number;
  /** As the target says it, and in milliseconds. */
  readonly keepFor: { readonly text: string; readonly milliseconds: number };
  /** A whole chain that holds. */
  readonly records: readonly RecordSpec[];
  readonly standing: Standing;
}

/** A cut is a record too: one for each record that goes would leave a chain as long as it is. */
const CUTS_WHILE_KEPT = 10;

/**
 * Which records go (security: "Records"): those up to a place in the chain that are as old as the target says, beside
 * those that say why something stands.
 */
export function decideRetention(input: RetentionInput): Retention {
  const { records, standing, keepFor } = input;
  const newest = newestCut(records);
  const times = timesToGo(records, standing, keepFor.milliseconds);
  const kept = new Set((newest?.cut.kept ?? []).map(({ sequence }) => sequence));
  const left = records.filter(({ sequence }) => sequence <= (newest?.cut.size ?? 0) && !kept.has(sequence));
  return newest === undefined || left.length === 0 ? cutAnew(input, newest, times) : goOn(input, newest, left, times);
}

type Times = ReadonlyMap<RecordSpec, number>;

/** What the newest cut lets go is there still: a process died on the way, or has not begun. */
function goOn(
  { now, keepFor, records }: RetentionInput,
  by: CutRecord,
  left: readonly RecordSpec[],
  times: Times,
): Retention {
  const { size, digest, kept = [], going = [] } = by.cut;
  const isNeeded = (record: RecordSpec): boolean => goesAt(times, record) === Infinity;
  if (left.some(isNeeded)) {
    // Something refers to it since: it is named, before what leads to it goes.
    const before = records.filter(({ sequence }) => sequence <= size);
    const apart = new Set([...kept, ...going].map(({ sequence }) => sequence));
    const goers = before.filter((record) => apart.has(record.sequence) && !isNeeded(record));
    return cutOf(now, { size, digest, keepFor: keepFor.text, ...named(before.filter(isNeeded), goers) });
  }
  const first = left.findIndex((record) => goesAt(times, record) > now);
  const due = first === -1 ? left : left.slice(0, first);
  const [next] = left;
  return due.length > 0
    ? { do: 'Delete', names: due.map(nameOf), by }
    : { do: 'Nothing', ...(next === undefined ? {} : { until: goesAt(times, next) }) };
}

function cutAnew({ now, keepFor, records }: RetentionInput, newest: CutRecord | undefined, times: Times): Retention {
  const again = newest === undefined ? -Infinity : parseTime(newest.time) + keepFor.milliseconds / CUTS_WHILE_KEPT;
  const next = Math.min(...records.filter(({ type }) => type !== 'Cut').map((record) => goesAt(times, record)));
  const until = Math.max(next, again);
  if (until === Infinity) return { do: 'Nothing' };
  if (!(until <= now)) return { do: 'Nothing', until };
  const isOver = (record: RecordSpec): boolean => goesAt(times, record) <= now;
  const last = lastThatGoes(records, isOver);
  if (last === undefined) return { do: 'Nothing' };
  const { cut } = newest ?? {};
  const end = cut !== undefined && last.sequence < cut.size ? cut : { size: last.sequence, digest: last.digest };
  const before = records.filter(({ sequence }) => sequence <= end.size);
  // What an earlier cut kept is led to by nothing any more.
  const goers = before.filter((record) => isOver(record) && record.sequence <= (cut?.size ?? 0));
  const stay = before.filter((record) => !isOver(record));
  return cutOf(now, { size: end.size, digest: end.digest, keepFor: keepFor.text, ...named(stay, goers) });
}

/** No more stay before it than one record names. */
function lastThatGoes(records: readonly RecordSpec[], isOver: (record: RecordSpec) => boolean): RecordSpec | undefined {
  let kept = 0;
  let last: RecordSpec | undefined;
  for (const record of records) {
    if (!isOver(record)) kept++;
    else if (kept <= MAX_KEPT) last = record;
  }
  return last;
}

function goesAt(times: Times, record: RecordSpec): number {
  return times.get(record) ?? Infinity;
}

function cutOf(now: number, cut: Cut): Retention {
  return { do: 'Cut', entry: { type: 'Cut', time: rfc3339(now), cut } };
}

function named(kept: readonly RecordSpec[], going: readonly RecordSpec[]): Pick<Cut, 'kept' | 'going'> {
  return {
    ...(kept.length === 0 ? {} : { kept: places(kept) }),
    ...(going.length === 0 ? {} : { going: places(going) }),
  };
}

function places(records: readonly RecordSpec[]): NonNullable<Cut['kept']> {
  return records.map(({ sequence, digest }) => ({ sequence, digest }));
}
