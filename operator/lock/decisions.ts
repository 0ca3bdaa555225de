import { nameOf, resultOf, type RecordedSpec, type RecordSpec } from '../records/index.ts';
import { specDigestOrFault, undoneSpec } from '../workloads/index.ts';
import { isContent } from './edit.ts';
import type { Approved, WorkloadKey } from './types.ts';

type Spec = Readonly<Record<string, unknown>>;

/**
 * A content that a decision lets run; one that removes a workload lets run only what it replaced. `Desired` and `Adopted` are what was decided; `Replaced` is what ran before, the
 * fallback; `Undone` is what `kubectl rollout undo` makes of both.
 */
export interface DecidedContent {
  readonly as: 'Adopted' | 'Desired' | 'Replaced' | 'Undone';
  readonly digest: string;
  readonly spec: Spec;
}

/** An adoption or an approval, as far as it is about one workload. */
export interface Decision {
  /** Name of the record. */
  readonly record: string;
  readonly contents: readonly DecidedContent[];
  /** It was taken back, or never arrived at this workload: what it replaced runs. */
  readonly takenBack: boolean;
  /** When that was, or when it was decided: the time of its record. */
  readonly since: string;
}

/** Every decision about a workload in a chain, the newest first. */
export function decisionsOn(records: readonly RecordSpec[], key: WorkloadKey): readonly Decision[] {
  return records.toReversed().flatMap((record): readonly Decision[] => {
    if (record.type === 'Adopted') {
      const adopted = ofWorkload(record.currentSpecs, key);
      if (adopted === undefined) return [];
      return [
        { record: nameOf(record), contents: [{ as: 'Adopted', ...adopted }], takenBack: false, since: record.time },
      ];
    }
    if (resultOf(record) !== 'Approved') return [];
    const round = records.find((candidate) => nameOf(candidate) === record.round?.record);
    if (round === undefined) return [];
    const desired = ofWorkload(round.desiredSpecs, key);
    const replaced = ofWorkload(round.currentSpecs, key);
    if (desired === undefined && replaced === undefined) return [];
    const contents: DecidedContent[] = [];
    if (desired !== undefined) contents.push({ as: 'Desired', ...desired });
    if (replaced !== undefined) contents.push({ as: 'Replaced', ...replaced });
    const back = desired && replaced && undone(key, desired, replaced);
    if (back !== undefined) contents.push(back);
    const backBy = takenBackBy(records, record, key);
    const takenBack = backBy !== undefined;
    return [{ record: nameOf(record), contents, takenBack, since: (backBy ?? record).time }];
  });
}

/** An approved content that is live, and the record that says so. */
export interface Recalled {
  readonly record: string;
  readonly spec: Spec;
}

/**
 * What approved what is live, for a lock that somebody deleted: the newest approval or adoption of the workload, or what
 * that approval replaced (its fallback). Older content is not approved any more.
 *
 * @param mutations of the target: what others may have added to it
 */
export function recall(
  records: readonly RecordSpec[],
  key: WorkloadKey,
  live: Spec,
  mutations: Approved['mutations'],
): Recalled | undefined {
  const [newest] = decisionsOn(records, key);
  if (newest === undefined) return undefined;
  const content = newest.contents.find(({ digest, spec }) =>
    isContent(live, { kind: key.kind, digest, spec, mutations }),
  );
  return content === undefined ? undefined : { record: newest.record, spec: content.spec };
}

function undone({ kind }: WorkloadKey, desired: Content, replaced: Content): DecidedContent | undefined {
  const spec = undoneSpec(kind, desired.spec, replaced.spec);
  if (spec === undefined) return undefined;
  const digested = specDigestOrFault(kind, spec);
  return 'fault' in digested ? undefined : { as: 'Undone', digest: digested.digest, spec };
}

type Content = Pick<RecordedSpec, 'digest' | 'spec'>;

function ofWorkload(specs: readonly RecordedSpec[] | undefined, { kind, name }: WorkloadKey): Content | undefined {
  const found = specs?.find((spec) => spec.kind === kind && spec.name === name);
  return found === undefined ? undefined : { digest: found.digest, spec: found.spec };
}

/** What came of it in part is recorded as Failed, with the workloads that it changed. */
function takenBackBy(
  records: readonly RecordSpec[],
  approved: RecordSpec,
  { kind, name }: WorkloadKey,
): RecordSpec | undefined {
  return records.findLast((record) => {
    if (record.sequence < approved.sequence || record.promotion?.uid !== approved.promotion?.uid) return false;
    const { changes } = record.outcome ?? {};
    return (
      resultOf(record) === 'RolledBack' ||
      (resultOf(record) === 'Failed' &&
        changes !== undefined &&
        !changes.some((change) => change.kind === kind && change.name === name))
    );
  });
}
