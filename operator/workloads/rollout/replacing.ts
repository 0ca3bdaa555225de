import { crashLoop, podCauses } from './cause.ts';
import { drainOf, drainWords } from './drain.ts';
import { isReady, nameOf } from './pods.ts';
import { settling } from './settling.ts';
import type { Progress, ProgressInput, SortedPods, Standing } from './types.ts';

/** How far a controller that has seen the new content is with replacing pods. */
interface Replacing {
  readonly sorted: SortedPods;
  readonly standing: Standing;
  /** New and old pods that are available. */
  readonly available: number;
  readonly minReadySeconds: number | undefined;
  /** Why it does not go on, in words, beside what the pods say. */
  readonly said: readonly string[];
  /** Whether the controller itself has given up, given until when old pods may take the room. */
  readonly gaveUp?: (drainsUntil: number | undefined) => string | undefined;
}

/**
 * Reads a workload's own status as `kubectl rollout status` does, and its pods for what that does not say: whether the new
 * ones stay up, whether ready ones of another template still take traffic, who says why it does not go on.
 */
export function replacing(
  { now, began, settle }: Pick<ProgressInput, 'now' | 'began' | 'settle'>,
  { sorted, standing, available, minReadySeconds = 0, said, gaveUp }: Replacing,
): Progress {
  const { wanted, present, updated } = standing;
  const crashing = crashLoop(sorted.fresh, began);
  if (crashing !== undefined) return { state: 'Failed', reason: 'CrashLooping', message: crashing };
  const drainsUntil = drainOf(sorted, wanted);
  const causes = [...new Set([...said, ...podCauses(sorted.fresh)])];
  const waiting = (message: string): Progress => ({
    state: 'Progressing',
    message: [message, ...drainWords(sorted, drainsUntil, now), ...causes].join('; '),
    ...(drainsUntil === undefined ? {} : { drainsUntil }),
  });
  const ended = gaveUp?.(drainsUntil);
  if (ended !== undefined)
    return { state: 'Failed', reason: 'ProgressDeadlineExceeded', message: [ended, ...causes].join('; ') };
  if (updated < wanted) return waiting(`${updated} of ${wanted} new pods exist`);
  if (present > updated) return waiting(`${present - updated} old pods are still there`);
  if (available < wanted) return waiting(`${available} of ${wanted} new pods are available`);
  const foreign = sorted.old.filter(isReady);
  if (foreign.length > 0) return waiting(`pod ${foreign.map(nameOf).join(', ')} is ready and runs another template`);
  return settling(sorted.fresh, { wanted, settle: Math.max(settle, minReadySeconds * 1000), now }, waiting);
}
