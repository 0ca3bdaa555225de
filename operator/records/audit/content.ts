import { recordName } from '../../api/index.ts';
import { CanonicalError, digestOfBytes, membersOf } from '../../canonical/index.ts';
import { chainFaults, recordDigest } from '../chain.ts';
import { storedForm } from '../parts.ts';
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
      ...chain.filter((record) => whole.has(record)).flatMap((record) => partsFault(record, chain, whole) ?? []),
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

/** What is in parts stands nowhere else: in the record itself no digest would cover it. */
function partsFault(
  record: FoundRecord,
  chain: readonly FoundRecord[],
  whole: ReadonlySet<FoundRecord>,
): string | undefined {
  const { parts, sequence, target } = record;
  if (parts === undefined) return undefined;
  if (Object.keys(storedForm(record)).length < Object.keys(record).length)
    return `record ${sequence} holds what it says is in its parts`;
  const named = new Map(chain.map((each) => [recordName(target.name, each.sequence), each]));
  const found = parts.flatMap(({ records }) => records.map((name) => named.get(name)));
  if (found.some((part) => part !== undefined && !whole.has(part))) return undefined;
  const text = (name: string): string => {
    const { text: of } = membersOf(membersOf(named.get(name))['part']);
    return typeof of === 'string' ? of : '';
  };
  return parts.every(({ digest, records }) => digestOfBytes(records.map(text).join('')) === digest)
    ? undefined
    : `the parts of record ${sequence} are not what it says`;
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
