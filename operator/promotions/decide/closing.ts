/** What closes where others apply: first the lock, so that nobody brings again what is taken back. Pure. */
import { labels } from '../../api/index.ts';
import { isClosedFor, withClosed } from '../../lock/index.ts';
import type { WorkloadObject } from '../../workloads/index.ts';
import type { Item, ObjectItem } from './rollout-items.ts';
import type { Verdict } from './verdict.ts';
import type { Cause, RollingWorld } from './world.ts';

interface Closing {
  readonly world: RollingWorld;
  readonly items: readonly Item[];
  readonly objects: readonly ObjectItem[];
}

/** Where others apply, nobody brings what failed again while it is taken back. */
export function closing({ world, items, objects }: Closing, { reason, message }: Cause): Verdict | undefined {
  const { target, lock } = world;
  if (!isExternal(world) || target?.spec.rollback.automatic === false) return undefined;
  const keys = [...items, ...objects].map(({ wanted }) => wanted);
  if (isClosedFor(lock.spec, keys, 'TakenBack')) return unmarked({ items }, { reason, message });
  const next = withClosed(lock.spec, keys, 'TakenBack');
  return { phase: 'RollingOut', reason, message, action: { do: 'CloseLock', lock: next } };
}

/** What stays after all may be deleted by nobody. */
export function unmarked({ items }: Pick<Closing, 'items'>, { reason, message }: Cause): Verdict | undefined {
  const left = items.find(({ step }) => step.state === 'ToRemove' && isMarked(step.live));
  return (
    left && {
      phase: 'RollingOut',
      reason,
      message,
      action: { do: 'Mark', workload: left.wanted, removable: false },
    }
  );
}

/** Whether whoever applies what was signed may delete it. */
export function isMarked({ metadata }: WorkloadObject): boolean {
  return metadata.labels?.[labels.removedBy] !== undefined;
}

/** What is in Git is what was taken back: it is refused until somebody changes that. */
export function toldToOthers(world: RollingWorld, { reason, message }: Cause): Cause {
  if (!isExternal(world)) return { reason, message };
  return { reason, message: `${message}; what was tried is refused: bring Git back to what runs` };
}

/** Whether somebody else brings what was signed. */
export function isExternal({ target }: Pick<RollingWorld, 'target'>): boolean {
  return target?.spec.apply === 'External';
}
