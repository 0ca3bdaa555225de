import type { Progress } from '../../workloads/index.ts';
import { failed, LOOK_AGAIN_MS, takenBack, type Rollout, type RolloutStep } from './rollback.ts';
import { label, others, type Item } from './rollout-items.ts';
import type { Cause } from './world.ts';

/** What does not come up in its time, or says that it never will, is taken back. */
export const notAvailable: RolloutStep = (rollout) => {
  const { world, items, deadline } = rollout;
  const open = progressing(rollout);
  const late = ({ progress }: Open): boolean =>
    progress.state === 'Settling' ? progress.since >= deadline : world.now >= deadline;
  const at = open.find(({ progress }) => progress.state === 'Failed') ?? open.find(late);
  if (at === undefined) return undefined;
  const reason = reasonOf(at.progress) ?? 'ProgressDeadlineExceeded';
  const message = `${label(at.item)}: ${at.progress.message}`;
  if (world.target?.spec.rollback.automatic === false)
    return failed(world, { reason, message: `${message}${others(items)}` });
  return takenBack(rollout, { reason, message });
};

/** What is on its way is waited for. */
export const verifying: RolloutStep = (rollout) => {
  const { world, deadline } = rollout;
  const open = progressing(rollout);
  // Whatever takes longest to change comes last: one that settles needs nothing but time.
  const at = open.find(({ progress }) => progress.state !== 'Settling') ?? open[0];
  return (
    at && {
      phase: 'Verifying',
      reason: reasonOf(at.progress) ?? (at.progress.state === 'Settling' ? 'Settling' : 'Verifying'),
      message: `${label(at.item)}: ${at.progress.message}`,
      why: open.map(({ item, progress }) => `${label(item)}: ${progress.message}`),
      requeueAfter: Math.max(Math.min(...open.map(({ progress }) => nextLook(progress, deadline, world.now))), 1),
    }
  );
};

interface Open {
  readonly item: Item;
  readonly progress: Exclude<Progress, { state: 'Complete' }>;
}

function progressing({ items }: Rollout): readonly Open[] {
  return items.flatMap((item) =>
    item.step.state === 'Applied' && item.step.progress.state !== 'Complete'
      ? [{ item, progress: item.step.progress }]
      : [],
  );
}

/** Pods tell nobody when they change, so that what hinders them is looked for now and then; time itself is not asked. */
function nextLook(progress: Progress, deadline: number, now: number): number {
  return progress.state === 'Settling' ? progress.until - now : Math.min(deadline - now, LOOK_AGAIN_MS);
}

function reasonOf(progress: Progress): Cause['reason'] | undefined {
  return 'reason' in progress ? progress.reason : undefined;
}
