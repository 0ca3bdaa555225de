import { approvedSpec, canonicalJSON, specDigest } from '../canonical/index.ts';
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

export function contentsOf(lock: LockSpec, { kind, name }: WorkloadKey): ApprovedContents {
  const entries = lock.approved.filter((entry) => entry.kind === kind && entry.name === name);
  return {
    current: entries.find(({ role }) => role === 'Current'),
    fallback: entries.find(({ role }) => role === 'Fallback'),
  };
}

/**
 * Compares a live spec with the approved ones as admission does: replicas, a restart, and what the entry's mutations let
 * a reloader add to the template do not count.
 */
export function matchLive({ current, fallback }: ApprovedContents, live: Spec): LiveMatch {
  if (current !== undefined && isContent(live, current)) return 'Current';
  if (fallback !== undefined && isContent(live, fallback)) return 'Fallback';
  return current !== undefined && fallback !== undefined && isUndone(live, current, fallback) ? 'Undone' : 'None';
}

function isContent(live: Spec, { digest, spec, mutations }: Approved): boolean {
  if (specDigest(live) === digest) return true;
  return mutations !== undefined && specDigest(withoutMutations(live, spec, mutations)) === digest;
}

/** `kubectl rollout undo` restores the template only. */
function isUndone(live: Spec, current: Approved, fallback: Approved): boolean {
  const mixed = { ...approvedSpec(current.spec), template: approvedSpec(fallback.spec)['template'] };
  const found = approvedSpec(withoutMutations(live, fallback.spec, fallback.mutations));
  return canonicalJSON(found) === canonicalJSON(mixed);
}

/** Opens the lock for new content: it becomes Current, what was Current becomes Fallback. One value, one write. */
export function withOpened(lock: LockSpec, entry: Omit<Approved, 'role'>): LockSpec {
  const { current } = contentsOf(lock, entry);
  const kept = without(lock, entry);
  const fallback: readonly Approved[] = current === undefined ? [] : [{ ...current, role: 'Fallback' }];
  return { ...lock, approved: ordered([...kept, { ...entry, role: 'Current' }, ...fallback]) };
}

/** Makes a content the only one that is approved for its workload. */
export function withOnly(lock: LockSpec, entry: Omit<Approved, 'role'>): LockSpec {
  return { ...lock, approved: ordered([...without(lock, entry), { ...entry, role: 'Current' }]) };
}

function without(lock: LockSpec, { kind, name }: WorkloadKey): readonly Approved[] {
  return lock.approved.filter((entry) => entry.kind !== kind || entry.name !== name);
}

/** One order, so that equal locks are equal texts. */
export function ordered(entries: readonly Approved[]): readonly Approved[] {
  return entries.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
}

function place({ kind, name, role }: Approved): string {
  return `${kind}/${name}/${role}`;
}

export function sameLock(a: LockSpec, b: LockSpec): boolean {
  return canonicalJSON(a) === canonicalJSON(b);
}

/** etcd takes 1.5 MiB per request; the rest is for metadata and for the protocol. */
export const MAX_LOCK_BYTES = 1_450_000;

/** Bytes that the lock takes as JSON. */
export function lockBytes(lock: LockSpec): number {
  return Buffer.byteLength(JSON.stringify(lock));
}
