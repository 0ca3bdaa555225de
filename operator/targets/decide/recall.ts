import { specDigest } from '../../canonical/index.ts';
import { nameOf, resultOf, type RecordSpec } from '../../records/index.ts';
import type { WorkloadKey } from '../../lock/index.ts';

/**
 * The record that approved what is live, for a lock that somebody deleted: the newest approval or adoption of the
 * workload, or what that approval replaced (its fallback). Older content is not approved any more.
 */
export function recall(
  records: readonly RecordSpec[],
  { kind, name }: WorkloadKey,
  live: Readonly<Record<string, unknown>>,
): string | undefined {
  const digest = specDigest(live);
  const holds = (specs: RecordSpec['currentSpecs']): boolean =>
    specs?.some((spec) => spec.kind === kind && spec.name === name && spec.digest === digest) ?? false;
  for (const record of records.toReversed()) {
    if (record.type === 'Adopted' && record.currentSpecs?.some((spec) => spec.kind === kind && spec.name === name))
      return holds(record.currentSpecs) ? nameOf(record) : undefined;
    if (resultOf(record) !== 'Approved') continue;
    const round = records.find((candidate) => nameOf(candidate) === record.round?.record);
    if (!round?.desiredSpecs?.some((spec) => spec.kind === kind && spec.name === name)) continue;
    return holds(round.desiredSpecs) || holds(round.currentSpecs) ? nameOf(record) : undefined;
  }
  return undefined;
}
