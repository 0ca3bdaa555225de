import type { Approved, ApprovedObject, LockSpec } from './types.ts';

/** Why nobody applies a content any more; see the schema of a lock. */
type Closed = NonNullable<Approved['closed']>;

/** A workload or an object, by kind and name. */
interface Key {
  readonly kind: string;
  readonly name: string;
}

/**
 * The lock with what people signed for these closed: nobody applies it any more, while what has it already keeps it, and
 * its pods. Of a workload that leaves, nobody deletes it any more. A fallback to go back to stays open.
 */
export function withClosed(lock: LockSpec, keys: readonly Key[], closed: Closed): LockSpec {
  const concerned = signed(lock).filter((entry) => keys.some((key) => isSame(entry, key)));
  return {
    ...lock,
    approved: lock.approved.map((entry) => (concerned.includes(entry) ? { ...entry, closed } : entry)),
    ...(lock.objects === undefined
      ? {}
      : { objects: lock.objects.map((entry) => (concerned.includes(entry) ? { ...entry, closed } : entry)) }),
  };
}

/** Whether what people signed for all of these is closed, for that reason. */
export function isClosedFor(lock: LockSpec, keys: readonly Key[], closed: Closed): boolean {
  return signed(lock)
    .filter((entry) => keys.some((key) => isSame(entry, key)))
    .every((entry) => entry.closed === closed);
}

/** The entry as it is once its promotion is over. */
export function withoutClosed<T extends { readonly closed?: Closed | undefined }>({
  closed: _over,
  ...entry
}: T): Omit<T, 'closed'> {
  return entry;
}

/** What is Current, and a fallback that is alone: what leaves. */
function signed({ approved, objects = [] }: LockSpec): readonly (Approved | ApprovedObject)[] {
  return [
    ...approved.filter(
      (entry) => entry.role === 'Current' || !approved.some((other) => other !== entry && isSame(other, entry)),
    ),
    ...objects.filter(({ role }) => role === 'Current'),
  ];
}

function isSame(a: Key, b: Key): boolean {
  return a.kind === b.kind && a.name === b.name;
}
