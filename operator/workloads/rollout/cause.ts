import { parseTime, printable } from '../../canonical/index.ts';
import type { Pod } from '../../kube/index.ts';
import { conditionOf, isReady, nameOf } from './pods.ts';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];
type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

/** A container that came up so often again since the rollout began will not stay up. */
const CRASH_LOOP = 3;
/** Characters of somebody else's words; a status and a record hold only so many. */
const MAX_WORDS = 400;
/** What every container is on its way through. */
const STARTING: readonly (string | undefined)[] = [undefined, 'ContainerCreating', 'PodInitializing'];

/** The container of a new pod that keeps dying, in words; undefined when none does. */
export function crashLoop(fresh: readonly Pod[], began: number): string | undefined {
  for (const pod of fresh)
    for (const status of statusesOf(pod)) {
      const loops = status.state?.waiting?.reason === 'CrashLoopBackOff';
      // One that is older than the rollout may have died long before it.
      const ours = parseTime(pod.metadata.creationTimestamp ?? '') >= began;
      if (!(status.restartCount >= CRASH_LOOP) || !(loops || ours)) continue;
      return `pod ${nameOf(pod)}: ${restarted(status)}`;
    }
  return undefined;
}

/** Made, and neither placed nor started yet, without anybody saying that it cannot be: something is in its way. */
export function isHeldBack(pod: Pod): boolean {
  return (
    (pod.status?.phase ?? 'Pending') === 'Pending' &&
    statusesOf(pod).every(({ state, restartCount }) => restartCount === 0 && STARTING.includes(state?.waiting?.reason))
  );
}

/**
 * Why new pods do not become available, in the words of those who know: the scheduler, the kubelet, the container itself.
 * One line per cause; pods that suffer alike are counted. Empty where nobody has said anything yet.
 */
export function podCauses(fresh: readonly Pod[]): readonly string[] {
  const found = new Map<string, readonly Pod[]>();
  for (const pod of fresh) {
    const cause = causeOf(pod);
    if (cause !== undefined) found.set(cause, [...(found.get(cause) ?? []), pod]);
  }
  return [...found].map(([cause, [first, ...others]]) => {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return `pod ${first === undefined ? '' : nameOf(first)}${more}: ${cause}`;
  });
}

/** What keeps a pod from becoming ready, in the words of the scheduler, the kubelet or the container itself. */
export interface Trouble {
  readonly words: string;
  /** Waiting does not help: somebody has to change something. */
  readonly final: boolean;
}

/** Undefined where nobody has said anything, as of a pod that starts. */
export function podTrouble(pod: Pod): Trouble | undefined {
  if (isReady(pod)) return undefined;
  const loop = statusesOf(pod).find(isLooping);
  if (loop !== undefined) return { words: restarted(loop), final: true };
  const words = causeBeforeReady(pod);
  return words === undefined ? undefined : { words, final: statusesOf(pod).some(cannotStart) };
}

/** The kubelet pauses before it starts a container again that died shortly before. Milliseconds. */
const PAUSE = 15_000;

/** It keeps dying: the kubelet waits before it starts it once more, or did so and it is not ready again yet. */
function isLooping({ restartCount, ready, state, lastState }: ContainerStatus): boolean {
  if (!(restartCount >= CRASH_LOOP)) return false;
  if (state?.waiting?.reason === 'CrashLoopBackOff') return true;
  const started = parseTime(state?.running?.startedAt ?? '');
  const ended = parseTime(lastState?.terminated?.finishedAt ?? '');
  return !ready && started - ended > PAUSE;
}

/** The kubelet refuses what no later try changes: the image's name, or a user that it cannot tell from root. */
function cannotStart({ state }: ContainerStatus): boolean {
  const { reason, message = '' } = state?.waiting ?? {};
  return reason === 'InvalidImageName' || (reason === 'CreateContainerConfigError' && message.includes('runAsNonRoot'));
}

function causeOf(pod: Pod): string | undefined {
  const cause = causeBeforeReady(pod);
  if (cause !== undefined || pod.status?.phase !== 'Running' || isReady(pod)) return cause;
  const ready = conditionOf(pod, 'Ready');
  return said(ready?.reason ?? 'NotReady', ready?.message ?? 'it runs and is not ready');
}

function causeBeforeReady(pod: Pod): string | undefined {
  const { status } = pod;
  const hasFailed = status?.phase === 'Failed';
  if (hasFailed && status.reason !== undefined) return said(status.reason, status.message);
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status === 'False') return said(scheduled.reason ?? 'Unschedulable', scheduled.message);
  for (const container of statusesOf(pod)) {
    const cause = causeInContainer(container, status?.initContainerStatuses?.includes(container) === true);
    if (cause !== undefined) return cause;
  }
  return hasFailed ? said('Failed', status.message) : undefined;
}

function causeInContainer(status: ContainerStatus, initial: boolean): string | undefined {
  const { name, state, lastState } = status;
  const shown = `${initial ? 'init container' : 'container'} ${printable(name)}`;
  if (state?.terminated !== undefined && !(initial && state.terminated.exitCode === 0))
    return `${shown} ${ending(state.terminated)}`;
  const { reason, message } = state?.waiting ?? {};
  if (STARTING.includes(reason)) return undefined;
  const last = lastState?.terminated === undefined ? '' : `; it ${ending(lastState.terminated)}`;
  return `${shown} waits, ${said(reason ?? '', message)}${last}`;
}

function restarted({ name, restartCount, state, lastState }: ContainerStatus): string {
  const last = lastState?.terminated ?? state?.terminated;
  return `container ${printable(name)} was started again ${restartCount} times${last === undefined ? '' : `; it ${ending(last)}`}`;
}

function ending({ exitCode, reason, message, signal }: Terminated): string {
  const why = reason === undefined || reason === '' ? '' : ` (${printable(reason)})`;
  const by = signal === undefined || signal === 0 ? '' : ` by signal ${signal}`;
  const words = message === undefined || message.trim() === '' ? '' : `: ${printable(message.trim(), MAX_WORDS)}`;
  return `ended${by} with exit code ${exitCode}${why}${words}`;
}

/** A reason and what was said of it, as much as a status holds. */
export function said(reason: string, message: string | undefined): string {
  const words = printable((message ?? '').trim(), MAX_WORDS);
  return words === '' ? printable(reason) : `${printable(reason)}: ${words}`;
}

function statusesOf({ status }: Pod): readonly ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}
