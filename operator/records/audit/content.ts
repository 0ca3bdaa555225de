import { CanonicalError } from '../../canonical/index.ts';
import { chainFaults, recordDigest } from '../chain.ts';
import type { Export, FoundRecord } from './lines.ts';

/** What the records of one chain say by themselves. */
export interface Content {
  /** Each record once, in order of sequence. */
  readonly chain: readonly FoundRecord[];
  readonly faults: readonly string[];
  readonly doubts: readonly string[];
}

/** A log brings a record more than once, and masked; one that is whole somewhere is judged by that. */
export function judgeContent(found: Export['records']): Content {
  const whole = new Set(found.filter(({ masked }) => !masked).map(({ record }) => record));
  const bySequence = new Map<number, FoundRecord>();
  const forks = new Set<number>();
  for (const { record } of found.toSorted((a, b) => Number(a.masked) - Number(b.masked))) {
    const known = bySequence.get(record.sequence);
    if (known === undefined) bySequence.set(record.sequence, record);
    else if (known.digest !== record.digest || (whole.has(record) && !sound(record))) forks.add(record.sequence);
  }
  const chain = [...bySequence.values()].toSorted((a, b) => a.sequence - b.sequence);
  const masked = chain.filter((record) => !whole.has(record)).map(({ sequence }) => sequence);
  return {
    chain,
    faults: [
      ...[...forks].map((sequence) => `record ${sequence} is there in two versions`),
      ...chainFaults(chain, (record) => !whole.has(record) || sound(record)).map(({ message }) => message),
    ],
    doubts:
      masked.length === 0
        ? []
        : [`records ${ranges(masked)} are masked as in a log: their digests can be compared and not computed`],
  };
}

function sound(record: FoundRecord): boolean {
  try {
    return recordDigest(record) === record.digest;
  } catch (error) {
    // What has no digest is no record that was ever written.
    if (error instanceof CanonicalError) return false;
    throw error;
  }
}

/** `1 to 3, 7`. */
function ranges(sorted: readonly number[]): string {
  const parts: { readonly from: number; to: number }[] = [];
  for (const number of sorted) {
    const last = parts.at(-1);
    if (last !== undefined && last.to === number - 1) last.to = number;
    else parts.push({ from: number, to: number });
  }
  return parts.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`)).join(', ');
}
