import { recordName } from '../api/index.ts';
import { digestOf, type Digest } from '../canonical/index.ts';
import { plainJSON } from './plain.ts';
import type { ChainLink, RecordEntry, RecordSpec, RecordTarget } from './types.ts';

/** A fault in a chain, in words for an auditor. */
export interface ChainFault {
  readonly sequence: number;
  readonly message: string;
}

/** The last record of a chain; undefined when there is none. */
export function headOf(records: readonly RecordSpec[]): RecordSpec | undefined {
  return records.at(-1);
}

/**
 * The spec of the record that follows `records` (security: "Records"). Every string but those of workload specs becomes
 * printable ASCII with line breaks, so that `jq -cjS` prints the very bytes that are digested.
 *
 * @param records the target's chain in order of sequence
 */
export function sealRecord(target: RecordTarget, records: readonly RecordSpec[], entry: RecordEntry): RecordSpec {
  const head = headOf(records);
  const { currentSpecs, desiredSpecs, ...rest } = entry;
  const content = {
    ...plainJSON(rest),
    ...(currentSpecs === undefined ? {} : { currentSpecs }),
    ...(desiredSpecs === undefined ? {} : { desiredSpecs }),
    target,
    sequence: (head?.sequence ?? 0) + 1,
    ...(head === undefined ? {} : { previous: { name: nameOf(head), digest: head.digest } }),
  };
  return { ...content, digest: digestOf(content) };
}

/** What a record's digest must be: over the JCS text (RFC 8785) of its spec without `digest`. */
export function recordDigest(spec: ChainLink): Digest {
  const { digest: _claimed, ...content } = spec;
  return digestOf(content);
}

/** The name under which a record is stored. */
export function nameOf(record: RecordSpec): string {
  return recordName(record.target.name, record.sequence);
}

/**
 * Every fault of a chain: a digest that does not fit, a gap, a predecessor that is another. Empty when it holds.
 *
 * @param isSound whether a record's digest is that of its content
 */
export function chainFaults<T extends ChainLink>(
  records: readonly T[],
  isSound = (record: T): boolean => recordDigest(record) === record.digest,
): readonly ChainFault[] {
  const faults: ChainFault[] = [];
  let before: ChainLink | undefined;
  for (const record of records) {
    const { sequence } = record;
    if (!isSound(record))
      faults.push({ sequence, message: `record ${sequence} was changed: its digest does not fit its content` });
    const expected = (before?.sequence ?? 0) + 1;
    if (sequence !== expected) faults.push({ sequence, message: `before record ${sequence}, ${expected} is missing` });
    else if (record.previous?.digest !== before?.digest)
      faults.push({ sequence, message: `record ${sequence} follows another record than ${sequence - 1}` });
    before = record;
  }
  return faults;
}
