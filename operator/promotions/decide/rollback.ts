/** How a rollout is taken back: the way in, backwards. Pure. */
import { parseTime, printable } from '../../canonical/index.ts';
import type { KubeObject } from '../../kube/index.ts';
import { changedBy, contentsOf, objectsOf, wasChangedByController, withClosed, withRemoved } from '../../lock/index.ts';
import type { WorkloadObject } from '../../workloads/index.ts';
import { startOf } from './applying.ts';
import { closing, isExternal, toldToOthers } from './closing.ts';
import { end } from './end.ts';
import { changeOf, label, stuckPodsOf, type Item, type ObjectItem } from './rollout-items.ts';
import type { Verdict } from './verdict.ts';
import type { Cause, RollingWorld } from './world.ts';

/** While pods hinder a rollout they are looked at again so often, milliseconds. */
export const LOOK_AGAIN_MS = 5000;

/** What follows from the world of a rollout by itself. */
export interface Rollout {
  readonly world: RollingWorld;
  readonly items: readonly Item[];
  readonly objects: readonly ObjectItem[];
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Milliseconds: what the target gives a rollout. Taking it back may take as long again. */
  readonly allowed: number;
}

/** One question about a rollout, named by its answer. */
export type RolloutStep = (rollout: Rollout) => Verdict | undefined;

/**
 * Puts the fallback back where the new content is live, then records it. Without a fallback it can only fail, and so it does
 * where the API server goes on refusing.
 */
export function takenBack(rollout: Rollout, cause: Cause): Verdict {
  const { world } = rollout;
  const verdict = closing(rollout, cause) ?? wayBack(rollout, cause);
  const { backRefused } = world;
  const acts = verdict.action !== undefined && verdict.action.do !== 'Append';
  if (!acts || backRefused === undefined || world.now < giveUp(rollout, backRefused.since)) return verdict;
  const { reason, message } = cause;
  return failed(world, {
    reason,
    message: `${message}; it is not taken back, since the API server goes on refusing that: ${backRefused.answer}`,
  });
}

/** Until when a rollout that is taken back waits for something that began at a time. */
function giveUp({ deadline, allowed }: Rollout, since = -Infinity): number {
  return Math.max(deadline, since) + allowed;
}

/** It waits for somebody else, and not for ever. */
function waits(rollout: Rollout, { reason, message }: Cause, what: string, since?: number): Verdict {
  const { world } = rollout;
  const left = giveUp(rollout, since) - world.now;
  const words = `${message}; ${what}`;
  return left > 0
    ? { phase: 'RollingOut', reason, message: words, why: [words], requeueAfter: Math.min(LOOK_AGAIN_MS, left) }
    : failed(world, { reason, message: `${words}: that took too long, and is not waited for any more` });
}

/** Words for what is being deleted, with who can hold that up. */
export function goes(item: Item | ObjectItem, { metadata: { finalizers = [] } }: KubeObject): string {
  const holders = finalizers.map((each) => printable(each)).join(', ');
  return `${label(item)} is being deleted and waits for ${'does' in item ? 'its pods, or for ' : ''}who set ${holders === '' ? 'a finalizer' : `the finalizer ${holders}`}`;
}

function sinceOf({ metadata: { deletionTimestamp = '' } }: KubeObject): number | undefined {
  const since = parseTime(deletionTimestamp);
  return Number.isNaN(since) ? undefined : since;
}

function wayBack(rollout: Rollout, cause: Cause): Verdict {
  const { world, items } = rollout;
  const { reason, message } = cause;
  const applied = items.find(({ step }) => step.state === 'Applied');
  if (applied === undefined)
    return (
      broughtBack(rollout, cause) ??
      freed(rollout, cause) ??
      objectsBack(rollout, cause) ??
      ended(world, 'RolledBack', toldToOthers(world, cause))
    );
  const { fallback } = contentsOf(world.lock.spec, applied.wanted);
  if (applied.does === 'Create' && world.target?.spec.rollback.automatic !== false) {
    const removed = withRemoved(world.lock.spec, applied.wanted);
    const lock = isExternal(world) ? withClosed(removed, [applied.wanted], 'TakenBack') : removed;
    return { phase: 'RollingOut', reason, message, action: { do: 'CloseLock', lock } };
  }
  if (fallback === undefined)
    return failed(world, { reason, message: `${message}; ${label(applied)} has no fallback to return to` });
  if (world.target?.spec.rollback.automatic === false)
    return ended(world, 'RolledBack', { reason, message: `${message}; ${label(applied)} keeps the new content` });
  return {
    phase: 'RollingOut',
    reason,
    message,
    action: { do: 'RollBack', workload: applied.wanted, spec: fallback.spec },
  };
}

/** The way back is the way in, backwards: objects after the workloads, the last one first. */
function objectsBack(rollout: Rollout, cause: Cause): Verdict | undefined {
  const { world, objects } = rollout;
  const { reason, message } = cause;
  if (world.target?.spec.rollback.automatic === false) return undefined;
  const applied = objects.toReversed().find(({ state }) => state === 'Applied' || state === 'Going');
  if (applied === undefined) return undefined;
  if (applied.going !== undefined) return waits(rollout, cause, goes(applied, applied.going), sinceOf(applied.going));
  const { fallback } = objectsOf(world.lock.spec, applied.wanted);
  if (fallback === undefined)
    return failed(world, { reason, message: `${message}; ${label(applied)} has no fallback to return to` });
  return {
    phase: 'RollingOut',
    reason,
    message,
    action: { do: 'RollBackObject', object: applied.wanted, content: fallback.content },
  };
}

/** What was made is deleted, and what was removed is made again; what is on its way out has to be gone first. */
function broughtBack(rollout: Rollout, cause: Cause): Verdict | undefined {
  const { world, items } = rollout;
  const { reason, message } = cause;
  if (world.target?.spec.rollback.automatic === false) return undefined;
  const rolling = { phase: 'RollingOut', reason, message } as const;
  for (const item of items) {
    const { wanted, step } = item;
    if (step.state === 'Gone') {
      const before = changeOf(wanted, world.approved) ?? {};
      const create = startOf(wanted.kind, before, world.target?.spec.minReplicas);
      return { ...rolling, action: { do: 'RollBack', workload: wanted, spec: wanted.spec, create } };
    }
    const leaves = step.state === 'Leaving' || step.state === 'Going';
    if (!leaves) continue;
    return step.live.metadata.deletionTimestamp === undefined
      ? { ...rolling, action: { do: 'Remove', workload: wanted, uid: step.live.metadata.uid ?? '' } }
      : waits(rollout, cause, goes(item, step.live), sinceOf(step.live));
  }
  return undefined;
}

/** Where a controller waits for pods of the new content, these are deleted: the fallback would not come up by itself. */
function freed(rollout: Rollout, cause: Cause): Verdict | undefined {
  const { world, items } = rollout;
  const { reason, message } = cause;
  if (world.target?.spec.rollback.automatic === false) return undefined;
  for (const item of items.filter(({ step }) => step.state === 'Undone')) {
    const pods = stuckPodsOf(item.wanted, world);
    if (pods === undefined) {
      const controller = `the ${item.wanted.kind.toLowerCase()} controller`;
      return waits(
        rollout,
        cause,
        `${controller} has not seen yet that ${label(item)} has its fallback`,
        world.takenBackAt,
      );
    }
    if (pods.length > 0)
      return { phase: 'RollingOut', reason, message, action: { do: 'DeletePods', workload: item.wanted, pods } };
  }
  return undefined;
}

/** Whose act it is that a fallback is live again, or that what was made is gone. */
export function whoUndid(item: Item, live: WorkloadObject | undefined): Cause {
  if (live === undefined || item.does === 'Create')
    return {
      reason: 'TakenBack',
      message: `the rollout failed and ${label(item)}, which it made, was taken away again by this controller, which was stopped before it could record why`,
    };
  return wasChangedByController(item.wanted, live)
    ? {
        reason: 'TakenBack',
        message: `the rollout failed and the fallback of ${label(item)} was put back by this controller, which was stopped before it could record why`,
      }
    : {
        reason: 'Undone',
        message: `the fallback of ${label(item)} is live again, put back by ${changedBy(item.wanted, live)}`,
      };
}

/** The end of a rollout that nobody takes back. */
export function failed(world: RollingWorld, cause: Cause): Verdict {
  return ended(world, 'Failed', cause);
}

/** The end of a rollout, with what it changed for the record: all that was approved, unless something did not arrive. */
export function ended(
  world: RollingWorld,
  result: 'Completed' | 'Failed' | 'RolledBack',
  { reason, message }: Cause,
  changes = world.approved.outcome?.changes,
): Verdict {
  return end(world, result, reason, message, changes);
}
