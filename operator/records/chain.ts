import { recordName } from '../api/index.ts';
import { digestOf, type Digest } from '../canonical/index.ts';
import { cutFaults, newestCut } from './cut.ts';
import { partsAtEnd, split, storedForm, type LeavingGroup } from './parts.ts';
import { plainJSON } from './plain.ts';
import type { ChainFault, ChainLink, RecordEntry, RecordSpec, RecordTarget } from './types.ts';

/** The last record of a chain; undefined when there is none. */
export function headOf(records: readonly RecordSpec[]): RecordSpec | undefined {
  return records.at(-1);
}

/**
 * The records that follow `records`: the last of them is the entry's, those before it hold in parts what is too large for
 * it (security: "Records"). Every string but those of specs becomes printable ASCII with line breaks, so that
 * `jq -cjS` prints the very bytes that are digested.
 *
 * @param records the target's chain in order of sequence
 */
export function sealRecords(
  target: RecordTarget,
  records: readonly RecordSpec[],
  entry: RecordEntry,
): readonly RecordSpec[] {
  const { stays, leaves } = split(plainEntry(entry));
  const wanted = leaves.flatMap(({ parts }) => parts);
  const there = partsAtEnd(records, wanted);
  const parts = records.slice(records.length - there);
  const next = (content: RecordEntry): RecordSpec => sealRecord(target, parts.length === 0 ? records : parts, content);
  for (const part of wanted.slice(there)) parts.push(next({ type: 'Part', time: entry.time, part }));
  const names = parts.map(nameOf);
  return [...parts.slice(there), next(leaves.length === 0 ? stays : { ...stays, parts: namedParts(leaves, names) })];
}

function namedParts(leaves: readonly LeavingGroup[], names: string[]): NonNullable<RecordSpec['parts']> {
  return leaves.map(({ fields, digest, parts }) => ({ fields, digest, records: names.splice(0, parts.length) }));
}

/** The record that follows `records`, of an entry that fits into one. */
export function sealRecord(target: RecordTarget, records: readonly RecordSpec[], entry: RecordEntry): RecordSpec {
  const head = headOf(records);
  const content = {
    ...plainEntry(entry),
    target,
    sequence: (head?.sequence ?? 0) + 1,
    ...(head === undefined ? {} : { previous: { name: nameOf(head), digest: head.digest } }),
  };
  return { ...content, digest: digestOf(content) };
}

function plainEntry({ currentSpecs, desiredSpecs, accepted, ...rest }: RecordEntry): RecordEntry {
  return {
    ...plainJSON(rest),
    ...(accepted === undefined ? {} : { accepted }),
    ...(currentSpecs === undefined ? {} : { currentSpecs }),
    ...(desiredSpecs === undefined ? {} : { desiredSpecs }),
  };
}

/** What a record's digest must be: over the JCS text (RFC 8785) of its spec as it is stored, without `digest`. */
export function recordDigest(spec: ChainLink): Digest {
  const { digest: _claimed, ...content } = spec;
  return digestOf(storedForm(content));
}

/** The name under which a record is stored. */
export function nameOf(record: RecordSpec): string {
  return recordName(record.target.name, record.sequence);
}

/**
 * Every fault of a chain: a digest that does not fit, a gap, a predecessor that is another. Empty when it holds. What its
 * newest cut lets go may be missing.
 *
 * @param isSound whether a record's digest is that of its content
 */
export function chainFaults<T extends ChainLink>(
  records: readonly T[],
  isSound = (record: T): boolean => recordDigest(record) === record.digest,
): readonly ChainFault[] {
  const faults: ChainFault[] = [];
  const cut = newestCut(records)?.cut;
  let before: Pick<ChainLink, 'sequence' | 'digest'> | undefined = cut && { sequence: cut.size, digest: cut.digest };
  for (const record of records) {
    const { sequence } = record;
    if (!isSound(record))
      faults.push({ sequence, message: `record ${sequence} was changed: its digest does not fit its content` });
    if (sequence <= (cut?.size ?? 0)) continue;
    const expected = (before?.sequence ?? 0) + 1;
    if (sequence !== expected) faults.push({ sequence, message: `before record ${sequence}, ${expected} is missing` });
    else if (record.previous?.digest !== before?.digest)
      faults.push({ sequence, message: `record ${sequence} follows another record than ${sequence - 1}` });
    before = record;
  }
  return [...faults, ...cutFaults(records)];
}
