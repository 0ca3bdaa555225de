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
  const wanted = manifestOf(promotion.spec, { kind, name })?.spec['replicas'];
  return { ...apply, create: replicasOf(kind, wanted, target?.spec.minReplicas) };
}

/** How many a new workload starts with: no approval covers them, and admission lets in no fewer than the target asks for. */
export function replicasOf(
  kind: RecordedSpec['kind'],
  wanted: unknown,
  minReplicas = 1,
): NonNullable<ApplyAction['create']> {
  if (!workloadOf(kind).uncovered.includes('replicas')) return {};
  return { replicas: Math.max(typeof wanted === 'number' ? wanted : 1, minReplicas) };
}
