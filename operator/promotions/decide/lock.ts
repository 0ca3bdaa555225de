import { entryFault, jobFault, NOT_SIGNED, objectFault } from '../../lock/index.ts';
import { stall, type Verdict } from './verdict.ts';
import type { ActingWorld } from './world.ts';

/** Milliseconds; the target's controller writes the right lock back meanwhile. */
const LOOK_AGAIN_MS = 5000;

/** Nothing of what was approved is applied while the lock says something else than the records: somebody changed it. */
export function lockChanged({ target, records, workloads, objects, lock, history }: ActingWorld): Verdict | undefined {
  // Of another target than the approval's, or of one that is being taken over, nothing was decided yet.
  if (history.approved === undefined || target?.metadata.uid !== history.approved.target.uid) return undefined;
  for (const entry of lock?.spec.approved ?? []) {
    if (entry.target !== target.metadata.name) continue;
    if (!workloads.some(({ kind, name }) => kind === entry.kind && name === entry.name)) continue;
    const what = entryFault(entry, records);
    if (what !== undefined) return changed(entry, what);
  }
  for (const entry of lock?.spec.jobs ?? []) {
    const what = entry.target === target.metadata.name ? jobFault(entry, records) : undefined;
    // What is over only has not gone yet.
    if (what === NOT_SIGNED) return changed(entry, what);
  }
  for (const entry of lock?.spec.objects ?? []) {
    if (entry.target !== target.metadata.name) continue;
    if (!objects.some(({ kind, name }) => kind === entry.kind && name === entry.name)) continue;
    const what = objectFault(entry, records);
    if (what !== undefined) return changed(entry, what);
  }
  return undefined;
}

function changed({ kind, name, target }: Entry, what: string): Verdict {
  return stall(
    'LockChanged',
    `the lock does not hold what was decided about ${kind}/${name} (${what}), so nothing is applied: something changes locks on their way in, see the conditions of ProductionTarget ${target}`,
    LOOK_AGAIN_MS,
  );
}

interface Entry {
  readonly kind: string;
  readonly name: string;
  readonly target: string;
}
