import {
  annotations,
  maxRequest,
  targetBounds,
  type ProductionTargetStatus,
  type OwnConditionType,
  type TargetReason,
} from '../../api/index.ts';
import { conditionsOf, fittedLines, type ConditionInput, type Outcome } from '../../kube/index.ts';
import { nameOf } from '../../records/index.ts';
import { onlyWarns, warningsOf, type TargetVerdict, type TargetWorld, type World } from '../decide/index.ts';
import { contentsOf, objectsOf, type Approved } from '../../lock/index.ts';
import type { ObjectKey } from '../../objects/index.ts';
import { acceptedCondition, keyOf, trustStatus } from '../../trust/index.ts';
import { approvedTemplate } from '../../workloads/index.ts';

type TargetCondition = ConditionInput<TargetReason, OwnConditionType<'ProductionTarget'>>;

/** Status of a target: output only. */
export function targetStatus(world: World, verdict: TargetVerdict): ProductionTargetStatus {
  const { target, now, standing } = world;
  const guards = world.stage === 'InForce';
  const requestedAt = target.metadata.annotations?.[annotations.reconcileRequestedAt];
  return {
    observedGeneration: target.metadata.generation,
    ...(guards ? guardedBy(world) : {}),
    ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt.slice(0, maxRequest) }),
    ...(standing === undefined ? {} : { trust: trustStatus(standing, keyOf(target)) }),
    conditions: conditionsOf(
      target,
      outcomeOf(verdict),
      [
        ...(guards ? [enforced(world), tampered(verdict)] : []),
        ...(standing === undefined ? [] : [acceptedCondition(standing)]),
      ],
      now,
    ),
  };
}

/** What a target that counts holds, and what it was seen to refuse. */
function guardedBy(world: TargetWorld): Omit<ProductionTargetStatus, 'conditions'> {
  const { target } = world;
  const enforcement = enforcementOf(world);
  const objects = (target.spec.objects ?? []).flatMap((object) => objectOf(object, world));
  const warnings = fittedLines([...warningsOf(world), ...(enforcement.warnings ?? [])], targetBounds.warnings);
  return {
    enforcement: enforcement.active ? 'Active' : 'Inactive',
    current: target.spec.workloads.flatMap((workload) => {
      const { current } = contentsOf(world.lock?.spec ?? { liveAccess: 'Deny', approved: [] }, workload);
      return current === undefined ? [] : [currentOf(current, world)];
    }),
    ...(objects.length === 0 ? {} : { objects }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/** What rests (`mode: Warn`) goes no further by itself either: whoever waits for it is told at once. */
function outcomeOf({ ready, stalled, resting, reason, message }: TargetVerdict): Outcome<TargetReason> {
  if (ready) return { kstatus: 'Current', reason, message };
  return { kstatus: stalled === true || resting === true ? 'Failed' : 'InProgress', reason, message };
}

/** What the canary saw; where nothing is meant to be refused it does not matter. */
function enforcementOf(world: TargetWorld): TargetWorld['enforcement'] {
  return onlyWarns(world) ? { active: false, message: 'mode is Warn: nothing is refused' } : world.enforcement;
}

function enforced(world: TargetWorld): TargetCondition {
  const { active, message } = enforcementOf(world);
  const type = 'Enforced';
  if (!active) return { type, status: 'False', reason: onlyWarns(world) ? 'Warn' : 'NotRefused', message };
  const more = message === '' ? '' : `; ${message}`;
  return {
    type,
    status: 'True',
    reason: 'Refused',
    message: `the API server refused the last forbidden change${more}`,
  };
}

function tampered({ tampered: found, message }: TargetVerdict): TargetCondition {
  const type = 'Tampered';
  return found === undefined
    ? { type, status: 'False', reason: 'Approved', message: 'live content is approved content' }
    : { type, status: 'True', reason: 'Tampered', message };
}

function currentOf(
  { kind, name, digest, spec, record }: Approved,
  { records }: TargetWorld,
): NonNullable<ProductionTargetStatus['current']>[number] {
  const promotion = records.find((candidate) => nameOf(candidate) === record)?.promotion?.name;
  const images = imagesOf({ kind, spec });
  return {
    kind,
    name,
    specDigest: digest,
    ...(images.length === 0 ? {} : { images: images.slice(0, targetBounds.images) }),
    ...(promotion === undefined ? {} : { promotion }),
  };
}

/** An object that the target lists; nothing while it is not taken over. */
function objectOf(key: ObjectKey, { lock, records }: TargetWorld): NonNullable<ProductionTargetStatus['objects']> {
  if (lock === undefined) return [];
  const { current, fallback } = objectsOf(lock.spec, key);
  if (current === undefined) return [];
  const { kind, name, digest, record } = current;
  const promotion = records.find((candidate) => nameOf(candidate) === record)?.promotion?.name;
  return [
    {
      kind,
      name,
      ...(digest === undefined ? {} : { digest }),
      ...(fallback === undefined ? {} : { fallback: fallback.digest === undefined ? 'Absent' : 'Content' }),
      ...(promotion === undefined ? {} : { promotion }),
    },
  ];
}

/** Containers and images of approved content. */
function imagesOf({ kind, spec }: Pick<Approved, 'kind' | 'spec'>): { container: string; image: string }[] {
  return (approvedTemplate(kind, spec)?.spec?.containers ?? []).flatMap(({ name, image }) =>
    image === undefined || image === '' ? [] : [{ container: name, image: image.slice(0, targetBounds.image) }],
  );
}
