import type { ChainFault, ChainLink, Cut } from './types.ts';

type Place = Pick<ChainLink, 'sequence' | 'digest'>;
type Link = Pick<ChainLink, 'sequence' | 'previous' | 'digest' | 'cut'>;

/** The cut that tells which records of a chain may be gone; those before it say what went earlier. */
export function newestCut<T extends Link>(records: readonly T[]): (T & { readonly cut: Cut }) | undefined {
  return records.findLast(isCut);
}

function isCut<T extends Link>(record: T): record is T & { readonly cut: Cut } {
  return record.cut !== undefined && record.cut.size < record.sequence;
}

/**
 * Faults of what a chain still has of the records that its newest cut is about. One stays by name, or because it leads to
 * the last of them: records go oldest first, and a process may die between two. Whatever else is there was put there.
 *
 * @param records in order of sequence
 */
export function cutFaults(records: readonly Link[]): readonly ChainFault[] {
  const newest = newestCut(records);
  if (newest === undefined) return [];
  const { size, kept = [], going = [] } = newest.cut;
  const there = records.filter(({ sequence }) => sequence <= size);
  const linked = linkedTo(newest.cut, there);
  return [
    ...there
      .filter((record) => !linked.has(record.sequence) && !isIn([...kept, ...going], record))
      .map(({ sequence }) => ({
        sequence,
        message: `record ${sequence} is none that the cut in record ${newest.sequence} left there`,
      })),
    ...kept
      .filter((record) => !isIn(there, record))
      .map(({ sequence }) => ({
        sequence,
        message: `record ${sequence} is missing: the cut in record ${newest.sequence} kept it`,
      })),
  ];
}

function isIn(list: readonly Place[], { sequence, digest }: Place): boolean {
  return list.some((each) => each.sequence === sequence && each.digest === digest);
}

/** The last of what a cut is about and those before it, as far as each names the one before. */
function linkedTo({ size, digest }: Cut, there: readonly Link[]): ReadonlySet<number> {
  const linked = new Set<number>();
  let next: { readonly sequence: number; readonly digest: string | undefined } = { sequence: size, digest };
  for (const record of there.toReversed()) {
    if (record.sequence !== next.sequence || record.digest !== next.digest) break;
    linked.add(record.sequence);
    next = { sequence: record.sequence - 1, digest: record.previous?.digest };
  }
  return linked;
}

/** Whether a cut let a record go that is not there: nothing can be said of it any more, but of the last one its digest. */
export function isGone(records: readonly Link[], { sequence, digest }: Place): boolean {
  const { cut } = newestCut(records) ?? {};
  if (cut === undefined || sequence > cut.size || records.some((record) => record.sequence === sequence)) return false;
  return sequence < cut.size || digest === cut.digest;
}
