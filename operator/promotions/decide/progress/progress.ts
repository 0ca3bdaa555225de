import { rfc3339 } from '../../../canonical/index.ts';
import { causesOf, crashLoop, isHeldBack } from './cause.ts';
import { isReady, nameOf, sortPods, type Running, type SortedPods } from './pods.ts';
import { availableSince } from './settled.ts';

/** How far a Deployment is with the spec that it has. Times in milliseconds since the epoch. */
export type Progress =
  | { readonly state: 'Complete' }
  /** All of it is available since then, and has to stay so until then. */
  | { readonly state: 'Settling'; readonly since: number; readonly until: number; readonly message: string }
  | {
      readonly state: 'Progressing';
      readonly reason?: string | undefined;
      readonly message: string;
      /** Until then old pods may take the room of new ones, so that no deadline runs before. */
      readonly drainsUntil?: number | undefined;
    }
  | { readonly state: 'Failed'; readonly reason: string; readonly message: string };

export interface ProgressInput extends Running {
  readonly now: number;
  /** When the rollout began. */
  readonly began: number;
  /** Milliseconds for which new pods have to stay available without a restart. */
  readonly settle: number;
  /** What earlier looks knew of pods that are gone by now. */
  readonly drainedUntil?: number | undefined;
}

/** Kubernetes' default, seconds. */
const PROGRESS_DEADLINE = 600;

/**
 * Reads a Deployment's own status as `kubectl rollout status` does, and its pods for what that does not say: whether the
 * new ones stay up, whether ready ones of another template still take traffic, who says why it does not go on.
 */
export function progressOf(input: ProgressInput): Progress {
  const { deployment, now, began } = input;
  const { spec, status, metadata } = deployment;
  const wanted = spec?.replicas ?? 1;
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0))
    return { state: 'Progressing', message: 'the deployment controller has not seen the new content yet' };
  if (spec?.paused === true)
    return {
      state: 'Progressing',
      reason: 'WorkloadPaused',
      message: 'it has the new content and is paused, so no pod is replaced: promote content without spec.paused',
    };
  const sorted = sortPods(input);
  const crashing = crashLoop(sorted.fresh, began);
  if (crashing !== undefined) return { state: 'Failed', reason: 'CrashLooping', message: crashing };
  const drainsUntil = drainOf(sorted, wanted);
  const waiting = (message: string): Progress => ({
    state: 'Progressing',
    message: [message, ...drainWords(sorted, drainsUntil, now), ...causesOf(deployment, sorted.fresh)].join('; '),
    ...(drainsUntil === undefined ? {} : { drainsUntil }),
  });
  if (hasGivenUp(input, drainsUntil))
    return {
      state: 'Failed',
      reason: 'ProgressDeadlineExceeded',
      message: [
        `${status?.availableReplicas ?? 0} of ${wanted} new pods became available before the Deployment's progressDeadlineSeconds passed`,
        ...causesOf(deployment, sorted.fresh),
      ].join('; '),
    };
  const updated = status?.updatedReplicas ?? 0;
  if (updated < wanted) return waiting(`${updated} of ${wanted} new pods exist`);
  if ((status?.replicas ?? 0) > updated)
    return waiting(`${(status?.replicas ?? 0) - updated} old pods are still there`);
  const available = status?.availableReplicas ?? 0;
  if (available < wanted) return waiting(`${available} of ${wanted} new pods are available`);
  const foreign = sorted.old.filter(isReady);
  if (foreign.length > 0) return waiting(`pod ${foreign.map(nameOf).join(', ')} is ready and runs another template`);
  return settling(input, sorted, wanted, waiting);
}

/** Derived from the pods alone, so that a restart of anything changes nothing. */
function settling(
  { deployment, now, settle }: ProgressInput,
  { fresh }: SortedPods,
  wanted: number,
  waiting: (message: string) => Progress,
): Progress {
  if (fresh.length < wanted) return waiting(`${fresh.length} of ${wanted} new pods are seen`);
  if (fresh.length === 0) return { state: 'Complete' };
  const times = fresh.map(availableSince);
  const down = fresh.filter((_pod, index) => times[index] === undefined);
  if (down.length > 0)
    return waiting(`pod ${down.map(nameOf).join(', ')} was available and is not, or does not say since when`);
  const since = Math.max(...times.map((time) => time ?? Infinity));
  const until = since + Math.max(settle, (deployment.spec?.minReadySeconds ?? 0) * 1000);
  if (now >= until) return { state: 'Complete' };
  const stay =
    fresh.length === 1 ? 'the new pod is available and has' : `all ${fresh.length} new pods are available and have`;
  return {
    state: 'Settling',
    since,
    until,
    message: `${stay} been so without a restart since ${rfc3339(since)}: it is verified if that lasts until ${rfc3339(until)}`,
  };
}

/** Pods that end within their grace keep the room, the quota or the node that new ones need (Recreate, maxSurge 0). */
function drainOf({ fresh, leaving }: SortedPods, wanted: number): number | undefined {
  if (leaving.length === 0) return undefined;
  if (fresh.length >= wanted && !fresh.some(isHeldBack)) return undefined;
  const ends = leaving.map(({ metadata }) => Date.parse(metadata.deletionTimestamp ?? '')).filter(Number.isFinite);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

function drainWords({ leaving }: SortedPods, drainsUntil: number | undefined, now: number): readonly string[] {
  if (drainsUntil === undefined || now > drainsUntil) return [];
  const which = leaving.map(nameOf);
  const shown = which.length > 3 ? `${which.slice(0, 3).join(', ')} and ${which.length - 3} more` : which.join(', ');
  return [`old pod ${shown} may still be ending until ${rfc3339(drainsUntil)}, the deadline runs from then`];
}

/** The Deployment's own deadline knows nothing of pods that end: what it said of that time does not count. */
function hasGivenUp({ deployment, now, drainedUntil }: ProgressInput, drainsUntil: number | undefined): boolean {
  const condition = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
  if (condition?.status !== 'False' || condition.reason !== 'ProgressDeadlineExceeded') return false;
  const drained = Math.max(drainedUntil ?? -Infinity, drainsUntil ?? -Infinity);
  return now >= drained + (deployment.spec?.progressDeadlineSeconds ?? PROGRESS_DEADLINE) * 1000;
}
