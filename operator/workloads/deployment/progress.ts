import type { Deployment } from '../../kube/index.ts';
import { crashLoop, podCauses, said } from '../rollout/cause.ts';
import { drainOf, drainWords } from '../rollout/drain.ts';
import { isReady, nameOf } from '../rollout/pods.ts';
import { settling } from '../rollout/settling.ts';
import type { Progress, ProgressInput, SortedPods } from '../rollout/types.ts';
import { sortPods } from './pods.ts';
import { standing } from './standing.ts';

/** Kubernetes' default, seconds. */
const PROGRESS_DEADLINE = 600;

/**
 * Reads a Deployment's own status as `kubectl rollout status` does, and its pods for what that does not say: whether the
 * new ones stay up, whether ready ones of another template still take traffic, who says why it does not go on.
 */
export function progress(input: ProgressInput<Deployment>): Progress {
  const { live, now, began } = input;
  const { spec, status } = live;
  const { observed, wanted, present, updated } = standing(live);
  if (!observed) return { state: 'Progressing', message: 'the deployment controller has not seen the new content yet' };
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
    message: [message, ...drainWords(sorted, drainsUntil, now), ...causes(live, sorted)].join('; '),
    ...(drainsUntil === undefined ? {} : { drainsUntil }),
  });
  const available = status?.availableReplicas ?? 0;
  if (hasGivenUp(input, drainsUntil))
    return {
      state: 'Failed',
      reason: 'ProgressDeadlineExceeded',
      message: [
        `${available} of ${wanted} new pods became available before the Deployment's progressDeadlineSeconds passed`,
        ...causes(live, sorted),
      ].join('; '),
    };
  if (updated < wanted) return waiting(`${updated} of ${wanted} new pods exist`);
  if (present > updated) return waiting(`${present - updated} old pods are still there`);
  if (available < wanted) return waiting(`${available} of ${wanted} new pods are available`);
  const foreign = sorted.old.filter(isReady);
  if (foreign.length > 0) return waiting(`pod ${foreign.map(nameOf).join(', ')} is ready and runs another template`);
  const settle = Math.max(input.settle, (spec?.minReadySeconds ?? 0) * 1000);
  return settling(sorted.fresh, { wanted, settle, now }, waiting);
}

/** Why new pods do not come or do not become available, in the words of those who know. */
function causes(live: Deployment, { fresh }: SortedPods): readonly string[] {
  return [...new Set([...controllersCauses(live), ...podCauses(fresh)])];
}

function controllersCauses({ status }: Deployment): readonly string[] {
  return (status?.conditions ?? []).flatMap(({ type, status: holds, reason, message }) => {
    const refused = type === 'ReplicaFailure' && holds === 'True';
    const notMade = type === 'Progressing' && holds === 'False' && reason !== 'ProgressDeadlineExceeded';
    return refused || notMade ? [said(reason ?? type, message)] : [];
  });
}

/** The Deployment's own deadline knows nothing of pods that end: what it said of that time does not count. */
function hasGivenUp({ live, now, drainedUntil }: ProgressInput<Deployment>, drainsUntil: number | undefined): boolean {
  const condition = live.status?.conditions?.find(({ type }) => type === 'Progressing');
  if (condition?.status !== 'False' || condition.reason !== 'ProgressDeadlineExceeded') return false;
  const drained = Math.max(drainedUntil ?? -Infinity, drainsUntil ?? -Infinity);
  return now >= drained + (live.spec?.progressDeadlineSeconds ?? PROGRESS_DEADLINE) * 1000;
}
