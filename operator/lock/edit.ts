import { MAX_WORKLOADS } from '../api/index.ts';
import { CanonicalError, canonicalJSON, sortedBy } from '../canonical/index.ts';
import { specDigestOrFault, undoneSpec } from '../workloads/index.ts';
import { withoutClosed } from './closed.ts';
import { MAX_FROZEN, refrozen } from './frozen.ts';
import { withoutMutations } from './mutations.ts';
import type { Approved, LockSpec, WorkloadKey } from './types.ts';

type Spec = Readonly<Record<string, unknown>>;

/** Both approved contents of a workload. */
export interface ApprovedContents {
  readonly current: Approved | undefined;
  readonly fallback: Approved | undefined;
}

/** What a live spec is, as the lock has it. `Undone`: Fallback's template with Current's other fields. */
export type LiveMatch = 'Current' | 'Fallback' | 'Undone' | 'None';

/** The entries of a workload in the lock, by role: neither where the lock does not hold it. */
export function contentsOf(lock: LockSpec, { kind, name }: WorkloadKey): ApprovedContents {
  const entries = lock.approved.filter((entry) => entry.kind === kind && entry.name === name);
  return {
    current: entries.find(({ role }) => role === 'Current'),
    fallback: entries.find(({ role }) => role === 'Fallback'),
  };
}

/**
 * Compares a live spec with the approved ones as admission does: replicas, a restart, and what the entry's mutations let
 * a reloader add to the template do not count. Content without a canonical form is none of them.
 */
export function matchLive({ current, fallback }: ApprovedContents, live: Spec): LiveMatch {
  if (current !== undefined && isContent(live, current)) return 'Current';
  if (fallback !== undefined && isContent(live, fallback)) return 'Fallback';
  return current !== undefined && fallback !== undefined && isUndone(live, current, fallback) ? 'Undone' : 'None';
}

/** Whether a live spec is a content, beside what its mutations let others add. */
export function isContent(
  live: Spec,
  { kind, digest, spec, mutations }: Pick<Approved, 'kind' | 'digest' | 'mutations'> & { readonly spec: Spec },
): boolean {
  const digested = specDigestOrFault(kind, withoutMutations(kind, live, spec, mutations));
  return 'digest' in digested && digested.digest === digest;
}

/** What of a live spec people approve and promotions start from: without what a reloader added to it. */
export function contentOf(live: Spec, current: Pick<Approved, 'kind' | 'spec' | 'mutations'> | undefined): Spec {
  return current === undefined ? live : withoutMutations(current.kind, live, current.spec, current.mutations);
}

function isUndone(live: Spec, current: Approved, fallback: Approved): boolean {
  const { kind } = current;
  const undone = undoneSpec(kind, current.spec, fallback.spec);
  if (undone === undefined) return false;
  const digested = specDigestOrFault(kind, undone);
  return 'digest' in digested && isContent(live, { ...fallback, digest: digested.digest });
}

/** Opens the lock for new content: it becomes Current, what was Current becomes Fallback. One value, one write. */
export function withOpened(lock: LockSpec, entry: Omit<Approved, 'role'>): LockSpec {
  const { current } = contentsOf(lock, entry);
  const kept = without(lock, entry);
  const fallback: readonly Approved[] = current === undefined ? [] : [{ ...withoutClosed(current), role: 'Fallback' }];
  return refrozen({ ...lock, approved: ordered([...kept, { ...entry, role: 'Current' }, ...fallback]) });
}

/**
 * Closes the lock for a workload that leaves: what was Current is its Fallback, and nothing is Current. While that is so
 * the promotions process may delete it, and who rolls back may make it again.
 */
export function withRemoved(lock: LockSpec, key: WorkloadKey): LockSpec {
  const { current } = contentsOf(lock, key);
  return current === undefined
    ? lock
    : { ...lock, approved: ordered([...without(lock, key), { ...withoutClosed(current), role: 'Fallback' }]) };
}

/** Makes a content the only one that is approved for its workload. */
export function withOnly(lock: LockSpec, entry: Omit<Approved, 'role'>): LockSpec {
  const only = { ...withoutClosed(entry), role: 'Current' } as const;
  return refrozen({ ...lock, approved: ordered([...without(lock, entry), only]) });
}

function without(lock: LockSpec, { kind, name }: WorkloadKey): readonly Approved[] {
  return lock.approved.filter((entry) => entry.kind !== kind || entry.name !== name);
}

/** One order, so that equal locks are equal texts. */
export function ordered(entries: readonly Approved[]): readonly Approved[] {
  return sortedBy(entries, place);
}

function place({ kind, name, role }: Approved): string {
  return `${kind}/${name}/${role}`;
}

/** Whether two locks say the same; one that has no canonical form says nothing that another could say too. */
export function sameLock(a: LockSpec, b: LockSpec): boolean {
  return sameJSON(a, b);
}

function sameJSON(a: unknown, b: unknown): boolean {
  try {
    return canonicalJSON(a) === canonicalJSON(b);
  } catch (error) {
    if (error instanceof CanonicalError) return false;
    throw error;
  }
}

/** etcd takes 1.5 MiB per request; the rest is for metadata and for the protocol. */
export const MAX_LOCK_BYTES = 1_450_000;

/** Entries that the schema of a lock takes. */
export const MAX_ENTRIES = 2 * MAX_WORKLOADS;

/** Why the API server would not take a lock of this size; undefined when it fits. */
export function lockOverflow(lock: LockSpec): string | undefined {
  const bytes = lockBytes(lock);
  if (bytes > MAX_LOCK_BYTES)
    return `the lock of the namespace would take ${bytes} bytes and may take ${MAX_LOCK_BYTES}`;
  if (lock.approved.length > MAX_ENTRIES)
    return `the lock of the namespace would hold ${lock.approved.length} contents and may hold ${MAX_ENTRIES}`;
  const frozen = lock.frozen?.length ?? 0;
  if (frozen > MAX_FROZEN)
    return `the lock of the namespace would freeze ${frozen} ConfigMaps and Secrets and may freeze ${MAX_FROZEN}`;
  return undefined;
}

/** The lock as it is where it fits; else without names that promotions only asked for: what runs comes first. */
export function withRoom(lock: LockSpec): LockSpec {
  return lockOverflow(lock) === undefined ? lock : refrozen(lock, () => false);
}

/** Bytes that the lock takes as JSON. */
export function lockBytes(lock: LockSpec): number {
  return Buffer.byteLength(JSON.stringify(lock));
}
