import type { Deployment } from '../../kube/index.ts';
import { said } from '../rollout/cause.ts';
import { replacing } from '../rollout/replacing.ts';
import type { Progress, ProgressInput } from '../rollout/types.ts';
import { sortPods } from './pods.ts';
import { standing } from './standing.ts';

/** Kubernetes' default, seconds. */
const PROGRESS_DEADLINE = 600;

/** Its own deadline counts beside what the pods say. */
export function progress(input: ProgressInput<Deployment>): Progress {
  const { live } = input;
  const { spec, status } = live;
  const stood = standing(live);
  if (!stood.observed)
    return { state: 'Progressing', message: 'the deployment controller has not seen the new content yet' };
  if (spec?.paused === true)
    return {
      state: 'Progressing',
      reason: 'WorkloadPaused',
      message: 'it has the new content and is paused, so no pod is replaced: promote content without spec.paused',
    };
  const available = status?.availableReplicas ?? 0;
  return replacing(input, {
    sorted: sortPods(input),
    standing: stood,
    available,
    minReadySeconds: spec?.minReadySeconds,
    said: controllersCauses(live),
    gaveUp: (drainsUntil) =>
      hasGivenUp(input, drainsUntil)
        ? `${available} of ${stood.wanted} new pods became available before the Deployment's progressDeadlineSeconds passed`
        : undefined,
  });
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
