import { parseDuration } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import { changedBy, contentsOf, objectsOf, wasChangedByController, withRemoved } from '../../lock/index.ts';
import type { Progress, WorkloadObject } from '../../workloads/index.ts';
import { applying as applyingOf, replicasOf } from './applying.ts';
import { end } from './end.ts';
import { lockChanged } from './lock.ts';
import { deletedSince } from './replaced.ts';
import {
  changeOf,
  drained,
  itemsOf,
  label,
  objectItems,
  others,
  stateOf,
  stuckPodsOf,
  type Item,
  type ObjectItem,
} from './rollout-items.ts';
import { firstAnswer } from './steps.ts';
import type { Action, Verdict } from './verdict.ts';
import type { Cause, RollingWorld } from './world.ts';

/** While pods hinder a rollout they are looked at again so often, milliseconds. */
const LOOK_AGAIN_MS = 5000;

/** What follows from the world of a rollout by itself. */
interface Rollout {
  readonly world: RollingWorld;
  readonly items: readonly Item[];
  readonly objects: readonly ObjectItem[];
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

/** One question about a rollout, named by its answer. */
type RolloutStep = (rollout: Rollout) => Verdict | undefined;

/**
 * What a rollout whose lock is open does next: apply, wait, take back or conclude. All of it is derived from the
 * approval, the lock and what is live; the workload's revision tells an undo from content that was never
 * applied, since both look like the fallback.
 */
export function rolloutVerdict(world: RollingWorld): Verdict {
  const items = itemsOf(world);
  const drains = drained(world, items);
  const allowed = parseDuration(world.target?.spec.rollback.progressDeadline ?? '10m');
  const deadline = Math.max(Date.parse(world.approved.time), drains.drainsUntil ?? -Infinity) + allowed;
  const rollout: Rollout = { world, items, objects: objectItems(world), deadline };
  const verdict = firstAnswer(CHAIN, rollout) ?? verified(rollout);
  return { rollout: { workloads: items.map(stateOf), ...drains }, ...verdict };
}

/**
 * The target is gone, and the lock is there for others: nobody verifies or takes back, unless it is made again in time.
 * One that is only on its way out still says how.
 */
const targetMissing: RolloutStep = ({ world, deadline }) => {
  const { target, approved, now } = world;
  if (target !== undefined) return undefined;
  const since = deletedSince(world, approved);
  const reason = 'TargetMissing';
  // Its workloads are not looked at without it: they stay as they were seen last.
  if (now < deadline)
    return {
      phase: 'RollingOut',
      reason,
      message: `${since}: nothing is changed or verified until it is made again`,
      requeueAfter: deadline - now,
      rollout: undefined,
    };
  const message = `${since} and not made again in time: nobody verifies what runs, or takes it back`;
  return { ...failed(world, { reason, message }), rollout: undefined };
};

const workloadMissing: RolloutStep = ({ world, items }) => {
  const missing = items.find(({ step }) => step.state === 'Missing');
  return (
    missing &&
    failed(world, {
      reason: 'WorkloadMissing',
      message: `${label(missing)} was deleted while it was rolled out${others(items)}`,
    })
  );
};

const tampered: RolloutStep = ({ items, objects }) => {
  const found =
    items.find(({ step }) => step.state === 'Tampered') ?? objects.find(({ state }) => state === 'Tampered');
  return (
    found && {
      phase: 'RollingOut',
      stalled: true,
      reason: 'Tampered',
      message: `${label(found)} has content that nobody approved: find out how it got there, then put approved content back`,
      why: [
        `a platform engineer puts approved content back into ${label(found)}: kubectl rollout undo, or apply what was signed`,
      ],
    }
  );
};

const undone: RolloutStep = (rollout) => {
  const { world, items } = rollout;
  const [by] = items.flatMap((item) =>
    item.step.state === 'Undone' || item.step.state === 'Leaving' ? [whoUndid(item, item.step.live)] : [],
  );
  return by && takenBack(rollout, world.takenBackFor ?? by);
};

const notApplied: RolloutStep = (rollout) => {
  const { world, deadline } = rollout;
  const open = toApply(rollout) ?? rollout.objects.find(({ state }) => state === 'ToApply') ?? refusedRemoval(rollout);
  if (open === undefined || world.now < deadline) return undefined;
  // It may have been changed and changed back meanwhile: what is said is what can be seen.
  const answer = world.refusedBy === undefined ? '' : `; the API server answered last: ${world.refusedBy}`;
  const message = `the deadline passed and ${label(open)} has what it had before${answer}`;
  return takenBack(rollout, world.takenBackFor ?? { reason: 'NotApplied', message });
};

const applying: RolloutStep = (rollout) => {
  const open = toApply(rollout);
  return open && applies(rollout, open);
};

/** What goes is taken away last: the old version may need it until the new one has taken over. */
const removing: RolloutStep = (rollout) => {
  const open = rollout.objects.toReversed().find((item) => item.state === 'ToApply');
  return open && applies(rollout, open);
};

function applies({ deadline, world }: Rollout, open: Item | ObjectItem): Verdict {
  return {
    phase: 'RollingOut',
    reason: 'Applying',
    message: `the lock is open, ${label(open)} is ${'does' in open && open.does === 'Create' ? 'made' : 'changed'} next`,
    action: applyOf(world, open),
    requeueAfter: deadline - world.now,
  };
}

function applyOf(world: RollingWorld, { wanted }: Item | ObjectItem): Action {
  return 'spec' in wanted
    ? applyingOf(world, world.round, wanted)
    : { do: 'ApplyObject', object: wanted, content: wanted.content };
}

const notAvailable: RolloutStep = (rollout) => {
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

const verifying: RolloutStep = (rollout) => {
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

/** Last, since nothing has to be brought back for what fails before. */
const leaving: RolloutStep = ({ world, items, deadline }) => {
  const next = items.find(({ step }) => step.state === 'ToRemove');
  if (next?.step.state === 'ToRemove')
    return {
      phase: 'RollingOut',
      reason: 'Removing',
      message: `everything else runs, ${label(next)} is removed next`,
      action: { do: 'Remove', workload: next.wanted, uid: next.step.live.metadata.uid ?? '' },
      requeueAfter: Math.max(deadline - world.now, 1),
    };
  const going = items.find(({ step }) => step.state === 'Going');
  if (going?.step.state !== 'Going') return undefined;
  const { finalizers = [] } = going.step.live.metadata;
  const message = `${label(going)} is being deleted and waits for its pods, or for who set ${finalizers.map((each) => printable(each)).join(', ')}`;
  return world.now < deadline
    ? { phase: 'Verifying', reason: 'Removing', message, why: [message], requeueAfter: LOOK_AGAIN_MS }
    : failed(world, { reason: 'ProgressDeadlineExceeded', message: `${message}${others(items)}` });
};

/** Nothing speaks against it: it is what people asked for. */
function verified({ world, items }: Rollout): Verdict {
  const complete = items.every(
    ({ step }) => step.state === 'Gone' || (step.state === 'Applied' && step.progress.state === 'Complete'),
  );
  if (!complete) throw new TypeError('a rollout that is not complete has no answer');
  return ended(world, 'Completed', {
    reason: 'Verified',
    message:
      items.length === 0
        ? 'every object is what was signed'
        : 'every workload runs what was signed, nothing else is ready, and no new pod was started again in the time to settle',
  });
}

/** In this order; the first that answers decides. */
const CHAIN: readonly RolloutStep[] = [
  ({ world }) => lockChanged(world),
  targetMissing,
  workloadMissing,
  tampered,
  undone,
  notApplied,
  applying,
  notAvailable,
  verifying,
  leaving,
  removing,
];

/** Objects before workloads, which may need them; what is taken away waits for the end. */
function toApply({ items, objects }: Rollout): Item | ObjectItem | undefined {
  return (
    objects.find(({ state, wanted }) => state === 'ToApply' && wanted.content !== undefined) ??
    items.find(({ step }) => step.state === 'ToApply')
  );
}

/** While it is tried there is time; what was refused when that is over, will be. */
function refusedRemoval({ world, items }: Rollout): Item | undefined {
  return world.refusedBy === undefined ? undefined : items.find(({ step }) => step.state === 'ToRemove');
}

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

/** Puts the fallback back where the new content is live, then records it. Without a fallback it can only fail. */
function takenBack(rollout: Rollout, cause: Cause): Verdict {
  const { world, items } = rollout;
  const { reason, message } = cause;
  const applied = items.find(({ step }) => step.state === 'Applied');
  if (applied === undefined)
    return (
      broughtBack(rollout, cause) ??
      freed(rollout, cause) ??
      objectsBack(rollout, cause) ??
      ended(world, 'RolledBack', cause)
    );
  const { fallback } = contentsOf(world.lock.spec, applied.wanted);
  if (applied.does === 'Create' && world.target?.spec.rollback.automatic !== false)
    return {
      phase: 'RollingOut',
      reason,
      message,
      action: { do: 'CloseLock', workload: applied.wanted, lock: withRemoved(world.lock.spec, applied.wanted) },
    };
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
function objectsBack({ world, objects }: Rollout, { reason, message }: Cause): Verdict | undefined {
  if (world.target?.spec.rollback.automatic === false) return undefined;
  const applied = objects.toReversed().find(({ state }) => state === 'Applied');
  if (applied === undefined) return undefined;
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
function broughtBack({ world, items }: Rollout, { reason, message }: Cause): Verdict | undefined {
  if (world.target?.spec.rollback.automatic === false) return undefined;
  const rolling = { phase: 'RollingOut', reason, message } as const;
  for (const { wanted, step } of items) {
    if (step.state === 'Gone') {
      const create = replicasOf(
        wanted.kind,
        changeOf(wanted, world.approved)?.replicas,
        world.target?.spec.minReplicas,
      );
      return { ...rolling, action: { do: 'RollBack', workload: wanted, spec: wanted.spec, create } };
    }
    const leaves = step.state === 'Leaving' || step.state === 'Going';
    if (!leaves) continue;
    return step.live.metadata.deletionTimestamp === undefined
      ? { ...rolling, action: { do: 'Remove', workload: wanted, uid: step.live.metadata.uid ?? '' } }
      : { ...rolling, requeueAfter: LOOK_AGAIN_MS };
  }
  return undefined;
}

/** Where a controller waits for pods of the new content, these are deleted: the fallback would not come up by itself. */
function freed({ world, items }: Rollout, { reason, message }: Cause): Verdict | undefined {
  if (world.target?.spec.rollback.automatic === false) return undefined;
  for (const item of items.filter(({ step }) => step.state === 'Undone')) {
    const pods = stuckPodsOf(item.wanted, world);
    if (pods === undefined)
      return {
        phase: 'RollingOut',
        reason,
        message: `${message}; the ${item.wanted.kind.toLowerCase()} controller has not seen yet that ${label(item)} has its fallback`,
        requeueAfter: LOOK_AGAIN_MS,
      };
    if (pods.length > 0)
      return { phase: 'RollingOut', reason, message, action: { do: 'DeletePods', workload: item.wanted, pods } };
  }
  return undefined;
}

function whoUndid(item: Item, live: WorkloadObject | undefined): Cause {
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

function failed(world: RollingWorld, cause: Cause): Verdict {
  return ended(world, 'Failed', cause);
}

function ended(
  world: RollingWorld,
  result: 'Completed' | 'Failed' | 'RolledBack',
  { reason, message }: Cause,
): Verdict {
  return end(world, result, reason, message, world.approved.outcome?.changes);
}
