/**
 * Rollouts that somebody else applies (`apply: External` of the target): the lock is open for what was signed, and it is
 * waited for until it has arrived. Pure.
 */
import { fieldManagers, parseDuration } from '../../api/index.ts';
import { parseTime, rfc3339 } from '../../canonical/index.ts';
import { handedOver } from '../../kube/index.ts';
import { isClosedFor, withClosed } from '../../lock/index.ts';
import { isExternal, isMarked, unmarked } from './closing.ts';
import { ended, failed, LOOK_AGAIN_MS, takenBack, type Rollout } from './rollback.ts';
import { changeOf, label, type Item, type ObjectItem } from './rollout-items.ts';
import { beganAt } from './stage.ts';
import type { Verdict } from './verdict.ts';
import type { RollingWorld } from './world.ts';

/** As the schema has it, for targets that were stored before it had. */
const DEFAULT_DEADLINE = '1h';
/** Names of what did not arrive that one message has. */
const MOST_NAMED = 10;

/** What has not arrived yet, in the order in which a controller would apply it. */
function awaited(items: readonly Item[], objects: readonly ObjectItem[]): readonly (Item | ObjectItem)[] {
  return [
    ...objects.filter(({ state, wanted }) => state === 'ToApply' && wanted.content !== undefined),
    ...items.filter(({ step }) => step.state === 'ToApply' || step.state === 'ToRemove'),
    ...objects.filter(({ state, wanted }) => state === 'ToApply' && wanted.content === undefined),
  ];
}

/**
 * When all of it had arrived, milliseconds since the epoch: only then does time for the rollout begin. Kept in status, as
 * times of votes are; undefined while something is missing.
 */
export function arrivedAt(
  { promotion, now }: RollingWorld,
  items: readonly Item[],
  objects: readonly ObjectItem[],
): number | undefined {
  if (awaited(items, objects).length > 0) return undefined;
  const before = parseTime(promotion.status?.rollout?.appliedAt ?? '');
  return Number.isNaN(before) ? now : before;
}

/** One that was begun to be taken back goes on so: the lock says it. */
export function goesBack(rollout: Rollout): Verdict | undefined {
  const { world, items, objects } = rollout;
  const signed = [...items, ...objects].map(({ wanted }) => wanted);
  if (!isExternal(world) || signed.length === 0 || !isClosedFor(world.lock.spec, signed, 'TakenBack')) return undefined;
  return takenBack(
    rollout,
    world.takenBackFor ?? {
      reason: 'TakenBack',
      message: 'the rollout failed and is taken back by this controller, which was stopped before it could record why',
    },
  );
}

/** What came stays, the rest is closed: first the lock, so that what is recorded is what is true. */
export function notArrived({ world, items, objects }: Rollout): Verdict | undefined {
  const missing = awaited(items, objects);
  if (!isExternal(world) || missing.length === 0 || world.now < applyDeadlineOf(world)) return undefined;
  const names = missing.slice(0, MOST_NAMED).map(label);
  const rest = missing.length - names.length;
  const arrived = items.filter((item) => !missing.includes(item));
  const cause = {
    reason: 'NotApplied',
    message: `${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''} did not arrive in the time to apply (applyDeadline): what was signed for ${missing.length === 1 ? 'it' : 'them'} is closed${arrived.length === 0 ? '' : `; ${arrived.map(label).join(', ')} arrived and stay${arrived.length === 1 ? 's' : ''} approved`}`,
  } as const;
  const keys = missing.map(({ wanted }) => wanted);
  if (!isClosedFor(world.lock.spec, keys, 'Late')) {
    const lock = withClosed(world.lock.spec, keys, 'Late');
    return { phase: 'RollingOut', ...cause, action: { do: 'CloseLock', lock } };
  }
  const changes = arrived.flatMap(({ wanted }) => changeOf(wanted, world.approved) ?? []);
  return unmarked({ items }, cause) ?? ended(world, 'Failed', cause, changes);
}

/** Whoever applies it is waited for; what came and fails meanwhile is not. */
export function awaiting(rollout: Rollout): Verdict | undefined {
  const { world, items, objects } = rollout;
  const missing = awaited(items, objects);
  const [first] = missing;
  if (!isExternal(world) || first === undefined) return undefined;
  for (const item of items) {
    const { step } = item;
    if (step.state !== 'Applied' || step.progress.state !== 'Failed') continue;
    const cause = { reason: step.progress.reason, message: `${label(item)}: ${step.progress.message}` };
    return world.target?.spec.rollback.automatic === false ? failed(world, cause) : takenBack(rollout, cause);
  }
  const deadline = applyDeadlineOf(world);
  const until = rfc3339(deadline);
  const waiting: Verdict = {
    phase: 'RollingOut',
    reason: 'AwaitingApply',
    message: `the lock is open until ${until}: ${label(first)} has what it had before, whoever applies it brings what was signed`,
    why: missing.map(
      (item) =>
        `who applies production (Argo CD, Flux, Helm, kubectl) ${isGoing(item) ? 'deletes' : 'applies'} ${label(item)} ${isGoing(item) ? '' : 'as it was signed '}until ${until}`,
    ),
    requeueAfter: Math.max(Math.min(deadline - world.now, seldom(missing) ? Infinity : LOOK_AGAIN_MS), 1),
  };
  const unopened = items.find(({ step }) => step.state === 'ToRemove' && !isMarked(step.live));
  if (unopened !== undefined) return { ...waiting, action: { do: 'Mark', workload: unopened.wanted, removable: true } };
  const held = missing.find((item) => !isGoing(item) && isHeld(item, world));
  return held === undefined ? waiting : { ...waiting, action: { do: 'HandOver', of: held.wanted } };
}

/** The promotions process applied it once, or took it back: it still has fields that whoever applies now may have dropped. */
function isHeld({ wanted }: Item | ObjectItem, { workloads, objects }: RollingWorld): boolean {
  const live = [...workloads, ...objects].find(({ kind, name }) => kind === wanted.kind && name === wanted.name)?.live;
  return live !== undefined && handedOver(live, fieldManagers.promotions) !== undefined;
}

function isGoing(item: Item | ObjectItem): boolean {
  return 'does' in item ? item.does === 'Remove' : item.wanted.content === undefined;
}

/** Workloads are followed and tell when they change; objects beside them are looked at now and then. */
function seldom(missing: readonly (Item | ObjectItem)[]): boolean {
  return missing.every((item) => 'does' in item);
}

/** Until when the lock is open, milliseconds since the epoch. */
export function applyDeadlineOf(world: RollingWorld): number {
  return beganAt(world) + parseDuration(world.target?.spec.applyDeadline ?? DEFAULT_DEADLINE);
}
