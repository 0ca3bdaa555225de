import { promotionBounds, type PromotionStatus } from '../../api/index.ts';
import { rfc3339 } from '../../canonical/index.ts';
import { fittedText } from '../../kube/index.ts';
import type { WorkloadKey } from '../../lock/index.ts';
import type { RecordedObject } from '../../records/index.ts';
import { removedBy, type Decision, type WorkloadState, type World } from '../decide/index.ts';

type State = WorkloadState['state'];
type Shown = NonNullable<NonNullable<PromotionStatus['rollout']>['workloads']>[number];
type ShownObject = NonNullable<NonNullable<PromotionStatus['rollout']>['objects']>[number];

/** How a rollout that ended left its workloads, as its record tells it. */
const ENDED: Partial<Record<string, State>> = {
  Completed: 'Available',
  Failed: 'Failed',
  RolledBack: 'RolledBack',
};

/** How far each workload is; what is not looked at in this decision stays as it was seen last. */
export function rolloutOf({ promotion, history }: World, { verdict }: Decision): Pick<PromotionStatus, 'rollout'> {
  const { approved, ended, round } = history;
  if (approved === undefined) return {};
  const { appliedAt, drainsUntil } = verdict.rollout ?? {};
  const end = ENDED[ended?.outcome?.result ?? ''];
  const seen = promotion.status?.rollout?.workloads;
  const removed = round === undefined ? [] : removedBy(round);
  const stateOf = ({ kind, name }: WorkloadKey): Shown => {
    if (end !== undefined) {
      const isGone = end === 'Available' && removed.some((each) => each.kind === kind && each.name === name);
      return { kind, name, state: isGone ? 'Removed' : end, message: verdict.message };
    }
    return (
      seen?.find((before) => before.kind === kind && before.name === name) ?? {
        kind,
        name,
        state: 'Pending',
        message: 'it is changed once the lock is open',
      }
    );
  };
  const before = promotion.status?.rollout?.objects;
  const objectEnd = OBJECTS_ENDED[ended?.outcome?.result ?? ''];
  const objectOf = ({ kind, name, content }: RecordedObject): ShownObject => {
    if (objectEnd !== undefined)
      return { kind, name, state: objectEnd === 'Applied' && content === undefined ? 'Removed' : objectEnd };
    return before?.find((each) => each.kind === kind && each.name === name) ?? { kind, name, state: 'Pending' };
  };
  const workloads: readonly Shown[] =
    verdict.rollout?.workloads ?? [...(round?.desiredSpecs ?? []), ...removed].map(stateOf);
  const objects = verdict.rollout?.objects ?? (round?.desiredObjects ?? []).map(objectOf);
  return {
    rollout: {
      startedAt: approved.time,
      ...(ended === undefined ? {} : { finishedAt: ended.time }),
      ...(appliedAt === undefined ? {} : { appliedAt: rfc3339(appliedAt) }),
      ...(drainsUntil === undefined ? {} : { drainsUntil: rfc3339(drainsUntil) }),
      workloads: workloads.map(({ kind, name, state, message = '' }) => ({
        kind,
        name,
        state,
        message: fittedText(message, promotionBounds.message),
      })),
      ...(objects.length === 0 ? {} : { objects: [...objects] }),
    },
  };
}

/** What became of the objects: an end says so once, of the workloads. */
const OBJECTS_ENDED: Partial<Record<string, ShownObject['state']>> = {
  Completed: 'Applied',
  Failed: 'Failed',
  RolledBack: 'RolledBack',
};
