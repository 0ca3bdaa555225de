import { parseDuration } from '../../api/index.ts';
import { CanonicalError, digestOf, parseTime, printable, rfc3339 } from '../../canonical/index.ts';
import type { Pod } from '../../kube/index.ts';
import { decisionsOn, settingsOf, type WorkloadKey } from '../../lock/index.ts';
import { resultOf, type RecordEntry, type RecordSpec } from '../../records/index.ts';
import { controllerOf, workloadOf, workloadRows } from '../../workloads/index.ts';
import { listOf, lockOf, onlyWarns, sameWorkload, stall, type TargetStep } from './common.ts';
import { entriesOf, runningPodDifference, type Content } from './compare.ts';
import { makerOf } from './owners.ts';
import { isOfPromotion } from './promoted.ts';
import type { TargetVerdict } from './verdict.ts';
import type { PresentWorkload, TargetWorld } from './world.ts';

/** A pod that runs what is not approved. `until`: milliseconds since the epoch by which it is gone, if it is ending. */
export interface PodFinding {
  readonly pod: Pod;
  readonly what: string;
  readonly until: number | undefined;
}

/** Milliseconds beyond a pod's own grace period: kubelets kill late. */
const LATE = 10_000;

/**
 * Pods of the target's workloads, and those of nobody's, that are not what the lock approves now. Terminating ones too:
 * their containers run until the last moment, and longer than the API shows them. Status is not asked.
 */
export function unapprovedPods(world: TargetWorld): readonly PodFinding[] {
  const before = judged.get(world);
  if (before !== undefined) return before;
  const found = judge(world);
  judged.set(world, found);
  return found;
}

/** Several steps ask about the pods of one world, of which there may be thousands. */
const judged = new WeakMap<TargetWorld, readonly PodFinding[]>();

function judge(world: TargetWorld): readonly PodFinding[] {
  const lock = lockOf(world);
  const maker = makerOf(world);
  return (world.running.pods ?? []).flatMap((pod): readonly PodFinding[] => {
    const made = maker(pod);
    if (made !== undefined && isOfAnother(world, made)) return [];
    const what =
      made === undefined
        ? 'no workload that is approved made it'
        : runningPodDifference(pod, entriesOf(lock, made), lock);
    if (what === undefined || (made === undefined ? isOfPromotion(world, pod) : endsByItself(world, pod, made)))
      return [];
    return [{ pod, what, until: endOf(world, pod, made) }];
  });
}

/** Reported like other content that nobody approved: once per pod, and nothing counts as ready. */
export const tamperedPods: TargetStep = (world) => {
  if (onlyWarns(world)) return undefined;
  const found = overduePods(world);
  if (found.length === 0) return undefined;
  const names = listOf(found.map(({ pod, what }) => `Pod/${printable(pod.metadata.name)} (${printable(what)})`));
  const verdict: TargetVerdict = {
    ...stall('Tampered', `pods run what is not approved: ${names}; find out how they got there, then delete them`),
    tampered: names,
  };
  const fresh = found.filter(({ pod }) => !isRecorded(world.records, pod));
  return fresh.length === 0 ? verdict : { ...verdict, action: { do: 'Append', entry: recordOf(world.now, fresh) } };
};

/** Those that run on: not ending, or beyond the time that they had. */
export function overduePods(world: TargetWorld): readonly PodFinding[] {
  return unapprovedPods(world).filter(({ until }) => !(until !== undefined && world.now <= until));
}

/** They were told to go and have their time. */
export const endingPods: TargetStep = (world) => {
  if (onlyWarns(world)) return undefined;
  const found = unapprovedPods(world);
  if (found.length === 0) return undefined;
  const until = Math.max(...found.map(({ until: end }) => end ?? 0));
  return {
    ready: false,
    reason: 'PodsEnding',
    message: `${found.length === 1 ? '1 pod' : `${found.length} pods`} of content whose approval ended go until ${rfc3339(until)}: ${listOf(found.map(({ pod }) => printable(pod.metadata.name)))}`,
    requeueAfter: Math.max(until - world.now, 0) + 1,
  };
};

/** A neighbour's pods are judged, and told, by the neighbour. */
function isOfAnother({ others, target }: TargetWorld, workload: WorkloadKey): boolean {
  const names = ({ spec }: TargetWorld['target']): boolean =>
    spec.workloads.some((each) => sameWorkload(each, workload));
  return !names(target) && others.some(names);
}

/** When a pod is gone by itself: at the end of its grace period, or when the rollout that replaces it has to be over. */
function endOf(world: TargetWorld, pod: Pod, made: PresentWorkload | undefined): number | undefined {
  const { deletionTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined) return parseTime(deletionTimestamp) + LATE;
  if (made === undefined) return isCollected(world, pod) ? world.now + LATE : undefined;
  if (!isReplaced(world, pod, made)) return undefined;
  return rolloutSince(world, made) + parseDuration(world.target.spec.rollback.progressDeadline);
}

/** Content that was approved once, of an older revision, while the workload's controller replaces it. */
function isReplaced(world: TargetWorld, pod: Pod, made: PresentWorkload): boolean {
  const row = workloadOf(made.kind);
  const { observed, wanted, present, updated } = row.standing(made.live);
  if (observed && row.isOfNewest(pod, made.live, world.running.owned)) return false;
  const isRolledOut = updated >= wanted && present <= updated;
  if (observed && isRolledOut) return false;
  return isFormer(world, pod, made);
}

/** Of a Job that began while its content was approved: no rollout replaces it, and it was signed to run to its end. */
function endsByItself(world: TargetWorld, pod: Pod, made: PresentWorkload): boolean {
  if (workloadOf(made.kind).lasting) return false;
  // By the newest approval, or by what took that back.
  const [newest] = decisionsOn(world.records, made);
  const decided = parseTime(newest?.since ?? '');
  return parseTime(pod.metadata.creationTimestamp ?? '') <= decided && isFormer(world, pod, made);
}

/** Content that was approved once. */
function isFormer(world: TargetWorld, pod: Pod, made: PresentWorkload): boolean {
  return runningPodDifference(pod, formerContents(world, made), lockOf(world)) === undefined;
}

/**
 * Its workload was deleted, and the garbage collector is about to follow: it tells no time, and takes whatever names an
 * owner that is gone. Only what was approved is not an intruder meanwhile.
 */
function isCollected(world: TargetWorld, pod: Pod): boolean {
  const owner = controllerOf(pod);
  if (owner === undefined || !workloadRows.some(([, { podOwner }]) => podOwner.kind === owner.kind)) return false;
  const { owned, workloads } = world.running;
  const between = owned.find(({ metadata }) => metadata.uid === owner.uid);
  const maker = between === undefined ? owner : controllerOf(between);
  if (maker === undefined || workloads.some(({ live }) => live.metadata.uid === maker.uid)) return false;
  const contents = [
    ...lockOf(world).approved,
    ...decidedWorkloads(world).flatMap((workload) => formerContents(world, workload)),
  ];
  return runningPodDifference(pod, contents, lockOf(world)) === undefined;
}

function decidedWorkloads({ records }: TargetWorld): readonly WorkloadKey[] {
  const specs = records.flatMap(({ currentSpecs = [], desiredSpecs = [] }) => [...currentSpecs, ...desiredSpecs]);
  return [...new Map(specs.map(({ kind, name }) => [`${kind}/${name}`, { kind, name }])).values()];
}

function formerContents({ records, target }: TargetWorld, { kind, name }: WorkloadKey): readonly Content[] {
  return decisionsOn(records, { kind, name })
    .flatMap(({ contents }) => contents)
    .map(({ spec }) => ({ ...settingsOf(target), kind, name, spec: { ...spec } }));
}

/** The last time that the rollout made progress, or that a decision began another one. */
function rolloutSince({ records }: TargetWorld, { kind, live }: PresentWorkload): number {
  const { movedAt = 0 } = workloadOf(kind).standing(live);
  const decided = records.findLast((record) =>
    ['Approved', 'Completed', 'RolledBack', 'Failed'].includes(resultOf(record) ?? ''),
  );
  return Math.max(movedAt, decided === undefined ? 0 : parseTime(decided.time));
}

/** As many as a record holds; the others follow in the next. */
const MAX_FOUND = 32;

function recordOf(now: number, found: readonly PodFinding[]): RecordEntry {
  return {
    type: 'Tampered',
    time: rfc3339(now),
    tampered: found.slice(0, MAX_FOUND).map(({ pod, what }) => {
      const to = digestIfAny(pod.spec);
      return {
        kind: 'Pod' as const,
        name: pod.metadata.name,
        ...(to === undefined ? {} : { to }),
        message: messageOf(pod, what),
      };
    }),
  };
}

/** The uid tells a pod from its namesakes. */
const suffix = ({ metadata }: Pod): string => `(uid ${metadata.uid ?? ''})`;

function messageOf(pod: Pod, what: string): string {
  return `${printable(what, 900)} ${suffix(pod)}`;
}

function isRecorded(records: readonly RecordSpec[], pod: Pod): boolean {
  return records.some(({ tampered = [] }) =>
    tampered.some(({ kind, message }) => kind === 'Pod' && message?.endsWith(suffix(pod))),
  );
}

/** The digest of what a stranger wrote; undefined where it has no canonical form. */
export function digestIfAny(value: unknown): ReturnType<typeof digestOf> | undefined {
  try {
    return digestOf(value);
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}
