import type { RecordedSpec, RecordSpec } from '../../records/index.ts';
import { workloadOf } from '../../workloads/index.ts';
import { manifestOf } from './plan/index.ts';
import { isCreated } from './stage.ts';
import type { ApplyAction } from './verdict.ts';
import type { ActingWorld } from './world.ts';

/** The write that brings a workload what was signed; one that did not exist when it was signed is made. */
export function applying(
  { promotion, target }: Pick<ActingWorld, 'promotion' | 'target'>,
  round: RecordSpec,
  { kind, name, spec }: RecordedSpec,
): ApplyAction {
  const apply: ApplyAction = { do: 'Apply', workload: { kind, name }, spec };
  if (!isCreated(round, { kind, name })) return apply;
  const { replicas, suspend } = manifestOf(promotion.spec, { kind, name })?.spec ?? {};
  return { ...apply, create: startOf(kind, { replicas, suspend }, target?.spec.minReplicas) };
}

/** What no approval covers. */
interface Uncovered {
  readonly replicas?: unknown;
  readonly suspend?: unknown;
}

/** How a new workload starts, where no approval says it: admission lets in no fewer replicas than the target asks for. */
export function startOf(
  kind: RecordedSpec['kind'],
  { replicas, suspend }: Uncovered,
  minReplicas = 1,
): NonNullable<ApplyAction['create']> {
  const { uncovered } = workloadOf(kind);
  return {
    ...(uncovered.includes('replicas') && {
      replicas: Math.max(typeof replicas === 'number' ? replicas : 1, minReplicas),
    }),
    ...(uncovered.includes('suspend') && suspend === true && { suspend }),
  };
}
