import type { StatefulSet } from '../../kube/index.ts';
import { sortPods } from '../history.ts';
import { nameOf } from '../rollout/pods.ts';
import { replacing } from '../rollout/replacing.ts';
import type { Progress, ProgressInput, SortedPods } from '../rollout/types.ts';
import { hashOf } from './pods.ts';
import { standing } from './standing.ts';

/**
 * A partition is no end: what it keeps back runs the version before, which the next promotion would close. The set has no
 * deadline of its own; the promotion's counts.
 */
export function progress(input: ProgressInput<StatefulSet>): Progress {
  const { live } = input;
  const stood = standing(live);
  if (!stood.observed)
    return { state: 'Progressing', message: 'the statefulset controller has not seen the new content yet' };
  const sorted = sortPods(input, hashOf);
  return replacing(input, {
    sorted,
    standing: stood,
    available: live.status?.availableReplicas ?? 0,
    minReadySeconds: live.spec?.minReadySeconds,
    said: strategyWords(live, sorted),
  });
}

function strategyWords({ spec }: StatefulSet, { old }: SortedPods): readonly string[] {
  if (old.length === 0) return [];
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  if (type === 'OnDelete')
    return [`updateStrategy is OnDelete: somebody deletes pod ${old.map(nameOf).join(', ')}, then the new one comes`];
  const { partition = 0 } = rollingUpdate ?? {};
  if (partition === 0) return [];
  const first = (spec?.ordinals?.start ?? 0) + partition;
  return [
    `updateStrategy.rollingUpdate.partition keeps pods below ordinal ${first} at the version before: promote content with partition 0`,
  ];
}
