import { annotations, type ProductionTargetStatus } from '../../api/index.ts';
import { withCondition, type Condition, type ConditionInput } from '../../kube/index.ts';
import { nameOf } from '../../records/index.ts';
import { onlyWarns, warningsOf, type TargetVerdict, type TargetWorld } from '../decide/index.ts';
import { contentsOf, type Approved } from '../../lock/index.ts';

const MAX_WARNINGS = 32;
const MAX_WARNING = 1024;

/** Status of a target: output only. */
export function targetStatus(world: TargetWorld, verdict: TargetVerdict): ProductionTargetStatus {
  const { target, enforcement, now } = world;
  const requestedAt = target.metadata.annotations?.[annotations.reconcileRequestedAt];
  const warnings = [...warningsOf(world), ...(enforcement.warnings ?? [])]
    .slice(0, MAX_WARNINGS)
    .map((line) => line.slice(0, MAX_WARNING));
  let conditions: readonly Condition[] = target.status?.conditions ?? [];
  for (const condition of conditionsOf(world, verdict))
    conditions = withCondition(conditions, { ...condition, observedGeneration: target.metadata.generation }, now);
  return {
    observedGeneration: target.metadata.generation,
    enforcement: enforcement.active ? 'Active' : 'Inactive',
    current: target.spec.workloads.flatMap((workload) => {
      const { current } = contentsOf(world.lock?.spec ?? { liveAccess: 'Deny', approved: [] }, workload);
      return current === undefined ? [] : [currentOf(current, world)];
    }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt.slice(0, 256) }),
    conditions: conditions.map((condition) => ({ ...condition })),
  };
}

function conditionsOf(world: TargetWorld, verdict: TargetVerdict): readonly ConditionInput[] {
  const { enforcement } = world;
  const { ready, reason, message, stalled = false, resting = false, tampered } = verdict;
  const moving = !ready && !stalled && !resting;
  return [
    { type: 'Ready', status: ready ? 'True' : 'False', reason, message },
    enforcement.active
      ? {
          type: 'Enforced',
          status: 'True',
          reason: 'Refused',
          message: `the API server refused the last forbidden change${enforcement.message === '' ? '' : `; ${enforcement.message}`}`,
        }
      : {
          type: 'Enforced',
          status: 'False',
          reason: onlyWarns(world) ? 'Warn' : 'NotRefused',
          message: enforcement.message,
        },
    tampered === undefined
      ? { type: 'Tampered', status: 'False', reason: 'Approved', message: 'live content is approved content' }
      : { type: 'Tampered', status: 'True', reason: 'Tampered', message },
    stalled
      ? { type: 'Stalled', status: 'True', reason, message }
      : { type: 'Stalled', status: 'False', reason: 'NotStalled', message: 'nothing has to be repaired' },
    moving
      ? { type: 'Reconciling', status: 'True', reason, message }
      : { type: 'Reconciling', status: 'False', reason: 'Settled', message: 'nothing is in progress' },
  ];
}

function currentOf(
  { kind, name, digest, spec, record }: Approved,
  { records }: TargetWorld,
): NonNullable<ProductionTargetStatus['current']>[number] {
  const promotion = records.find((candidate) => nameOf(candidate) === record)?.promotion?.name;
  const images = imagesOf(spec);
  return {
    kind,
    name,
    specDigest: digest,
    ...(images.length === 0 ? {} : { images: images.slice(0, 32) }),
    ...(promotion === undefined ? {} : { promotion }),
  };
}

/** Containers and images of a spec that was a Deployment's when it was approved. */
function imagesOf(spec: Approved['spec']): { container: string; image: string }[] {
  const template = spec['template'] as ProductionTargetTemplate | undefined;
  return (template?.spec?.containers ?? []).flatMap(({ name, image }) =>
    image === undefined || image === '' ? [] : [{ container: name, image: image.slice(0, 512) }],
  );
}

interface ProductionTargetTemplate {
  readonly spec?: { readonly containers?: readonly { readonly name: string; readonly image?: string }[] };
}
