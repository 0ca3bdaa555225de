import { parseDuration } from '../../api/index.ts';
import { contentsOf, matchLive, matchObject, objectsOf } from '../../lock/index.ts';
import type { RecordedObject, RecordedSpec, RecordSpec } from '../../records/index.ts';
import { isLaterRevision, revisionOf, workloadOf, type Progress, type WorkloadObject } from '../../workloads/index.ts';
import { inOrder } from './plan/index.ts';
import type { StuckPod, WorkloadState } from './verdict.ts';
import type { LiveWorkload, RollingWorld } from './world.ts';

/** As the schema has it, for targets that were stored before it had. */
const DEFAULT_SETTLE = '30s';

/** How far one workload is; `Undone`: the new content was applied at some time, and the fallback is live again. */
type Step =
  | { readonly state: 'ToApply' | 'Missing' | 'Tampered' }
  | { readonly state: 'Undone'; readonly live: WorkloadObject }
  | { readonly state: 'Applied'; readonly progress: Progress };

export interface Item {
  readonly wanted: RecordedSpec;
  readonly step: Step;
}

/**
 * Where a recorded workload stands, by what is live and what the lock approves: content that the lock does not hold is
 * Tampered.
 */
export function stepOf(wanted: RecordedSpec, world: RollingWorld): Step {
  const workload = world.workloads.find(({ kind, name }) => kind === wanted.kind && name === wanted.name);
  const live = workload?.live;
  if (workload === undefined || live?.spec === undefined) return { state: 'Missing' };
  switch (matchLive(contentsOf(world.lock.spec, wanted), { ...live.spec })) {
    case 'Current':
      return {
        state: 'Applied',
        progress: workloadOf(wanted.kind).progress({
          live,
          owned: workload.owned ?? [],
          pods: workload.pods ?? [],
          now: world.now,
          began: Date.parse(world.approved.time),
          settle: parseDuration(world.target?.spec.rollback.settle ?? DEFAULT_SETTLE),
          drainedUntil: drainedBefore(world),
        }),
      };
    case 'None':
      return { state: 'Tampered' };
    case 'Undone':
      return { state: 'Undone', live };
    case 'Fallback':
      return wasApplied(wanted, workload, world.approved) ? { state: 'Undone', live } : { state: 'ToApply' };
  }
}

function wasApplied(wanted: RecordedSpec, workload: LiveWorkload, approved: RecordSpec): boolean {
  const change = approved.outcome?.changes?.find(({ kind, name }) => kind === wanted.kind && name === wanted.name);
  return isLaterRevision(revisionOf(workload), change?.revision);
}

/** How far one object beside the workloads is. It has no revision: what is not applied is applied until the deadline. */
export interface ObjectItem {
  readonly wanted: RecordedObject;
  readonly state: 'Applied' | 'ToApply' | 'Going' | 'Tampered';
}

/** Where the recorded objects stand, in the order in which they are applied. */
export function objectItems({ round, objects, lock }: RollingWorld): readonly ObjectItem[] {
  return inOrder(round.desiredObjects ?? []).map((wanted) => {
    const live = objects.find(({ kind, name }) => kind === wanted.kind && name === wanted.name)?.live;
    // Whoever has a finalizer on it lets it go: nothing is left to do here.
    if (wanted.content === undefined && live?.metadata.deletionTimestamp !== undefined)
      return { wanted, state: 'Going' };
    const match = matchObject(objectsOf(lock.spec, wanted), live);
    return { wanted, state: match === 'Current' ? 'Applied' : match === 'Fallback' ? 'ToApply' : 'Tampered' };
  });
}

/** What the workloads have that an end says nothing about. */
export function others(items: readonly Item[]): string {
  const fresh = items.filter(({ step }) => step.state === 'Applied').map(label);
  return fresh.length === 0 ? '' : `; ${fresh.join(', ')} ${fresh.length === 1 ? 'keeps' : 'keep'} the new content`;
}

/** The same for the promotion's status: a state, and a message for people. */
export function stateOf({ wanted, step }: Item): WorkloadState {
  const { kind, name } = wanted;
  switch (step.state) {
    case 'ToApply':
      return { kind, name, state: 'Pending', message: 'it is changed next' };
    case 'Undone':
      return { kind, name, state: 'RolledBack', message: 'it has its fallback again' };
    case 'Missing':
      return { kind, name, state: 'Failed', message: 'it does not exist' };
    case 'Tampered':
      return { kind, name, state: 'Failed', message: 'it has content that nobody approved' };
    case 'Applied': {
      const { progress } = step;
      if (progress.state === 'Complete')
        return { kind, name, state: 'Available', message: 'it runs what was signed, and nothing else is ready' };
      return { kind, name, state: progress.state === 'Failed' ? 'Failed' : 'Applied', message: progress.message };
    }
  }
}

/** The last time at which old pods must be gone: as seen now, and as seen before, when they were still there. */
export function drained(world: RollingWorld, items: readonly Item[]): { readonly drainsUntil?: number } {
  const times = items.flatMap(({ step }) =>
    step.state === 'Applied' && step.progress.state === 'Progressing' ? (step.progress.drainsUntil ?? []) : [],
  );
  const known = drainedBefore(world);
  const all = known === undefined ? times : [...times, known];
  return all.length === 0 ? {} : { drainsUntil: Math.max(...all) };
}

/** Pods that are gone leave no trace: until when they had to be gone is kept in status, as times of votes are. */
function drainedBefore({ promotion }: RollingWorld): number | undefined {
  const time = Date.parse(promotion.status?.rollout?.drainsUntil ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/** Pods for which its controller waits; undefined while it has not seen what the workload has. */
export function stuckPodsOf(wanted: RecordedSpec, { workloads }: RollingWorld): readonly StuckPod[] | undefined {
  const workload = workloads.find(({ kind, name }) => kind === wanted.kind && name === wanted.name);
  if (workload?.live === undefined) return [];
  const { live, owned = [], pods = [] } = workload;
  return workloadOf(wanted.kind)
    .stuck({ live, owned, pods })
    ?.map(({ metadata: { name, uid = '' } }) => ({ name, uid }));
}

/** `Kind/name`, for messages. */
export function label({ wanted }: Item | ObjectItem): string {
  return `${wanted.kind}/${wanted.name}`;
}
