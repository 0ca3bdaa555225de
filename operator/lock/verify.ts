import { nameOf, type RecordSpec } from '../records/index.ts';
import { specDigestOrFault } from '../workloads/index.ts';
import { decisionsOn, type DecidedContent, type Decision } from './decisions.ts';
import { isContent, ordered } from './edit.ts';
import { refrozen } from './frozen.ts';
import type { Approved, LockSpec, WorkloadKey } from './types.ts';

type Spec = Readonly<Record<string, unknown>>;

/** An entry of a lock that says something else than the records do. */
export interface LockFault {
  readonly entry: Approved;
  /** A sentence without its subject. */
  readonly what: string;
}

/**
 * What an entry says that no decision of its target's chain says: somebody changed the lock on its way in, or in etcd. The
 * spec must be what its digest says; the digest, what the newest decision about the workload lets run (for a fallback: what
 * that one or the one before replaced); the record, a decision that is there.
 *
 * @param records the chain of the entry's target
 * @returns undefined when it says what was decided
 */
export function entryFault(entry: Approved, records: readonly RecordSpec[]): string | undefined {
  const digested = specDigestOrFault(entry.kind, entry.spec);
  if ('fault' in digested) return `its spec has no canonical form at ${digested.fault.path}`;
  if (digested.digest !== entry.digest) return 'its spec is not what its digest says';
  const decisions = decisionsOn(records, entry);
  const named = decisions.find(({ record }) => record === entry.record);
  if (named === undefined)
    return records.some((record) => nameOf(record) === entry.record)
      ? `record ${entry.record} decides nothing about it`
      : `record ${entry.record} does not exist`;
  const [newest = named, ...before] = decisions;
  if (!allowed(entry.role, newest, before).some(({ digest }) => digest === entry.digest))
    return `its content is not what was decided last (record ${newest.record})`;
  const isHeld = ({ digest }: DecidedContent): boolean => digest === entry.digest;
  const holds =
    named.contents.some(isHeld) ||
    decisions.some(({ contents }) => contents.some((content) => content.as === 'Undone' && isHeld(content)));
  return holds ? undefined : `record ${entry.record} holds another content`;
}

/** The entries of a lock that are not what was decided. */
export function lockFaults(
  entries: readonly Approved[],
  chainOf: (target: string) => readonly RecordSpec[],
): readonly LockFault[] {
  return entries.flatMap((entry) => {
    const what = entryFault(entry, chainOf(entry.target));
    return what === undefined ? [] : [{ entry, what }];
  });
}

/**
 * The lock with what the records say in the place of entries that say something else. What no record knows is not approved;
 * of a current content, what is live counts where it was decided too.
 */
export function restoredLock(
  lock: LockSpec,
  faults: readonly LockFault[],
  chainOf: (target: string) => readonly RecordSpec[],
  liveOf: (key: WorkloadKey) => Spec | undefined,
): LockSpec {
  const approved = lock.approved.flatMap((entry): readonly Approved[] => {
    if (!faults.some((fault) => fault.entry === entry)) return [entry];
    const decisions = decisionsOn(chainOf(entry.target), entry);
    const [newest] = decisions;
    if (newest === undefined) return [];
    const candidates = allowed(entry.role, newest, []);
    const live = liveOf(entry);
    const { kind, mutations } = entry;
    const isLive = ({ digest, spec }: DecidedContent): boolean =>
      live !== undefined && isContent(live, { kind, digest, spec, mutations });
    const right =
      candidates.find(({ digest }) => digest === entry.digest) ??
      candidates.find(isLive) ??
      candidates.find(({ as }) => (as === 'Replaced') === newest.takenBack) ??
      candidates[0];
    if (right === undefined) return [];
    const isNamed = decisions.some(
      ({ record, contents }) => record === entry.record && contents.some(({ digest }) => digest === right.digest),
    );
    return [
      { ...entry, digest: right.digest, spec: { ...right.spec }, record: isNamed ? entry.record : newest.record },
    ];
  });
  return refrozen({ ...lock, approved: ordered(approved) });
}

/**
 * An approval is recorded before its lock opens, and one that is taken back then never opened it: until a lock opens, the
 * fallback is the one of the decision before.
 */
function allowed(role: Approved['role'], newest: Decision, before: readonly Decision[]): readonly DecidedContent[] {
  if (role === 'Current') return newest.contents;
  const opened = before.findIndex(({ takenBack }) => !takenBack);
  const reach = opened < 0 ? before : before.slice(0, opened + 1);
  const replaced = [newest, ...reach].flatMap(({ contents }) => contents.filter(({ as }) => as === 'Replaced'));
  // A creation replaced nothing: while it is taken away again, what was approved is the fallback alone.
  return newest.contents.every(({ as }) => as === 'Desired') ? [...newest.contents, ...replaced] : replaced;
}
