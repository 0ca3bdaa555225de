import { parseDuration } from '../../api/index.ts';
import { parseTime } from '../../canonical/index.ts';
import type { KubeObject } from '../../kube/index.ts';
import { contentsOf, matchLive, matchObject, objectsOf } from '../../lock/index.ts';
import type { RecordedChange, RecordedObject, RecordedSpec, RecordSpec } from '../../records/index.ts';
import { isLaterRevision, revisionOf, workloadOf, type Progress, type WorkloadObject } from '../../workloads/index.ts';
import { inOrder } from './plan/index.ts';
import { beganAt, isCreated, removedBy } from './stage.ts';
import type { ObjectRollout, StuckPod, WorkloadState } from './verdict.ts';
import type { LiveWorkload, RollingWorld } from './world.ts';

/** As the schema has it, for targets that were stored before it had. */
const DEFAULT_SETTLE = '30s';

/**
 * How far one workload is; `Undone`: the new content was applied at some time, and the fallback is live again, or nothing
 * is where nothing was. `ToRemove`, `Going`, `Gone`: one that people signed away. `Leaving`: a creation that is taken back.
 */
type Step =
  | { readonly state: 'ToApply' | 'Missing' | 'Tampered' | 'Gone' }
  | { readonly state: 'Undone'; readonly live: WorkloadObject | undefined }
  | { readonly state: 'ToRemove' | 'Going' | 'Leaving'; readonly live: WorkloadObject }
  | { readonly state: 'Applied'; readonly progress: Progress };

export interface Item {
  /** What it gets; of one that is removed, what it has. */
  readonly wanted: RecordedSpec;
  readonly does: 'Change' | 'Create' | 'Remove';
  readonly step: Step;
}

/** Every workload that the round is about: what is removed comes last. */
export function itemsOf(world: RollingWorld): readonly Item[] {
  const { round } = world;
  return [
    ...(round.desiredSpecs ?? []).map((wanted): Item => {
      const does = isCreated(round, wanted) ? 'Create' : 'Change';
      return { wanted, does, step: does === 'Create' ? creationOf(wanted, world) : stepOf(wanted, world) };
    }),
    ...removedBy(round).map((wanted): Item => ({ wanted, does: 'Remove', step: removalOf(wanted, world) })),
  ];
}

/** It is made when it is not there, and taken away again once the lock has its content as a fallback alone. */
function creationOf(wanted: RecordedSpec, world: RollingWorld): Step {
  const live = liveOf(wanted, world);
  const contents = contentsOf(world.lock.spec, wanted);
  if (live?.spec === undefined)
    return contents.current === undefined ? { state: 'Undone', live: undefined } : { state: 'ToApply' };
  return contents.current === undefined && matchLive(contents, { ...live.spec }) === 'Fallback'
    ? { state: 'Leaving', live }
    : stepOf(wanted, world);
}

/** Its namesake of another uid is one that was brought back. */
function removalOf(wanted: RecordedSpec, world: RollingWorld): Step {
  const live = liveOf(wanted, world);
  if (live?.spec === undefined) return { state: isNamed(wanted, world) ? 'Gone' : 'Missing' };
  if (matchLive(contentsOf(world.lock.spec, wanted), { ...live.spec }) !== 'Fallback') return { state: 'Tampered' };
  if (live.metadata.deletionTimestamp !== undefined) return { state: 'Going', live };
  const isSame = live.metadata.uid === changeOf(wanted, world.approved)?.uid;
  return isSame ? { state: 'ToRemove', live } : { state: 'Undone', live };
}

function isNamed(wanted: RecordedSpec, { workloads }: RollingWorld): boolean {
  return workloads.some(({ kind, name }) => kind === wanted.kind && name === wanted.name);
}

function liveOf(wanted: RecordedSpec, { workloads }: RollingWorld): WorkloadObject | undefined {
  return workloads.find(({ kind, name }) => kind === wanted.kind && name === wanted.name)?.live;
}

/** What was recorded of a workload when it was approved. */
export function changeOf({ kind, name }: RecordedSpec, { outcome }: RecordSpec): RecordedChange | undefined {
  return outcome?.changes?.find((change) => change.kind === kind && change.name === name);
}

/**
 * Where a recorded workload stands, by what is live and what the lock approves: content that the lock does not hold is
 * Tampered.
 */
function stepOf(wanted: RecordedSpec, world: RollingWorld): Step {
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
          began: beganAt(world),
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
  return isLaterRevision(revisionOf(workload), changeOf(wanted, approved)?.revision);
}

/** How far one object beside the workloads is. It has no revision: what is not applied is applied until the deadline. */
export interface ObjectItem {
  readonly wanted: RecordedObject;
  /** `Going`: people signed it away, and it is being deleted. */
  readonly state: 'Applied' | 'ToApply' | 'Going' | 'Tampered';
  /** As it is live, where somebody is deleting it. */
  readonly going?: KubeObject | undefined;
}

/** Where the recorded objects stand, in the order in which they are applied. */
export function objectItems({ round, objects, lock }: RollingWorld): readonly ObjectItem[] {
  return inOrder(round.desiredObjects ?? []).map((wanted) => {
    const live = objects.find(({ kind, name }) => kind === wanted.kind && name === wanted.name)?.live;
    // Whoever has a finalizer on it lets it go: nothing is left to do here.
    const going = live?.metadata.deletionTimestamp === undefined ? undefined : live;
    if (wanted.content === undefined && going !== undefined) return { wanted, state: 'Going', going };
    const match = matchObject(objectsOf(lock.spec, wanted), live);
    return { wanted, going, state: match === 'Current' ? 'Applied' : match === 'Fallback' ? 'ToApply' : 'Tampered' };
  });
}

/** What the workloads have that an end says nothing about. */
export function others(items: readonly Item[]): string {
  const fresh = items.filter(({ step }) => step.state === 'Applied').map(label);
  return fresh.length === 0 ? '' : `; ${fresh.join(', ')} ${fresh.length === 1 ? 'keeps' : 'keep'} the new content`;
}

/** The same for the promotion's status: a state, and a message for people. */
export function stateOf({ wanted, does, step }: Item, external = false): WorkloadState {
  const { kind, name } = wanted;
  switch (step.state) {
    case 'ToApply':
      if (external) return { kind, name, state: 'Pending', message: 'whoever applies it has not brought it yet' };
      return { kind, name, state: 'Pending', message: does === 'Create' ? 'it is made next' : 'it is changed next' };
    case 'ToRemove':
      if (external) return { kind, name, state: 'Pending', message: 'whoever applies it has not deleted it yet' };
      return { kind, name, state: 'Pending', message: 'it is removed when everything else runs' };
    case 'Going':
      return { kind, name, state: 'Applied', message: 'it is being deleted, and its pods end' };
    case 'Gone':
      return {
        kind,
        name,
        state: 'Removed',
        message: external ? 'it is gone, and its pods end with it' : 'it is gone, and so are its pods',
      };
    case 'Leaving':
      return { kind, name, state: 'Applied', message: 'it is taken away again' };
    case 'Undone':
      return does === 'Create'
        ? { kind, name, state: 'RolledBack', message: 'it does not exist, as before' }
        : { kind, name, state: 'RolledBack', message: 'it has its fallback again' };
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

/** The same for an object beside the workloads. */
export function objectStateOf({ wanted, state, going }: ObjectItem): ObjectRollout {
  const { kind, name, content } = wanted;
  if (state === 'Tampered') return { kind, name, state: 'Failed', message: 'it has content that nobody approved' };
  if (going !== undefined) return { kind, name, state: 'Applied', message: 'it is being deleted' };
  if (state === 'Applied')
    return content === undefined
      ? { kind, name, state: 'Removed', message: 'it is gone' }
      : { kind, name, state: 'Applied', message: 'it is what was signed' };
  return {
    kind,
    name,
    state: 'Pending',
    message: content === undefined ? 'it is taken away when everything else runs' : 'it is what it was before',
  };
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
  const time = parseTime(promotion.status?.rollout?.drainsUntil ?? '');
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
