import type { DaemonSet } from '../../kube/index.ts';
import { sortPods, type HashOf } from '../history.ts';
import { nameOf } from '../rollout/pods.ts';
import { replacing } from '../rollout/replacing.ts';
import type { Progress, ProgressInput, SortedPods, Standing } from '../rollout/types.ts';

/** Counted in nodes. Why it has no pods, its controller tells in events only. */
export function standing({ metadata, status }: DaemonSet): Standing {
  return {
    observed: (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
    wanted: status?.desiredNumberScheduled ?? 0,
    present: status?.currentNumberScheduled ?? 0,
    updated: status?.updatedNumberScheduled ?? 0,
    failure: undefined,
    movedAt: undefined,
  };
}

/** The set has no deadline of its own; the promotion's counts. */
export function progressOf(input: ProgressInput<DaemonSet>, hashOf: HashOf): Progress {
  const { live } = input;
  const stood = standing(live);
  if (!stood.observed)
    return { state: 'Progressing', message: 'the daemonset controller has not seen the new content yet' };
  const sorted = sortPods(input, hashOf);
  return replacing(input, {
    sorted,
    standing: stood,
    available: live.status?.numberAvailable ?? 0,
    minReadySeconds: live.spec?.minReadySeconds,
    said: strategyWords(live, sorted),
  });
}

function strategyWords({ spec }: DaemonSet, { old }: SortedPods): readonly string[] {
  return spec?.updateStrategy?.type !== 'OnDelete' || old.length === 0
    ? []
    : [`updateStrategy is OnDelete: somebody deletes pod ${old.map(nameOf).join(', ')}, then the new one comes`];
}
