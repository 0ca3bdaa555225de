import { protections } from '../../api/index.ts';
import { printable, rfc3339 } from '../../canonical/index.ts';
import {
  isDecided,
  matchObject,
  objectChangedBy,
  objectEntry,
  objectFault,
  objectsOf,
  recallObject,
  stateOf,
  wasObjectChangedByController,
  withObjects,
  withoutClosed,
  withObjectSettings,
  withOnlyObject,
  type ApprovedObject,
  type LockSpec,
} from '../../lock/index.ts';
import { nameOf, openApproval, type RecordedObject, type RecordSpec } from '../../records/index.ts';
import {
  chainBehind,
  foundProtection,
  listOf,
  lockOf,
  objectNotCanonical,
  onlyWarns,
  shown,
  stall,
  type TargetStep,
} from './common.ts';
import { isUndoTold, lateWords, outcomeAction, undoneWords } from './outcomes.ts';
import type { TargetVerdict } from './verdict.ts';
import type { LiveObject, TargetWorld } from './world.ts';

/** How often it is looked whether somebody serves the kind by now: nothing tells. */
const UNREAD_INTERVAL_MS = 10_000;

/** Comes first: what is not read is not known to be as approved, nor to be gone. The lock stays as it is. */
export const unreadObjects: TargetStep = ({ unread }) =>
  unread === undefined
    ? undefined
    : { ...stall('ObjectUnreadable', `spec.objects: ${unread}`), requeueAfter: UNREAD_INTERVAL_MS };

/** Objects of the target that no Adopted record of this very target has taken over. */
export function unadoptedObjects({ target, records, objects }: TargetWorld): readonly LiveObject[] {
  const taken = records.filter(({ type, target: of }) => type === 'Adopted' && of.uid === target.metadata.uid);
  return objects.filter(
    (object) => !taken.some(({ currentObjects = [] }) => currentObjects.some((each) => isSame(each, object))),
  );
}

/** The lock with what is live as the only approved state of each, unsigned; what this chain decided before is kept. */
export function withAdoptedObjects(
  lock: LockSpec,
  world: TargetWorld,
  adopting: readonly LiveObject[],
  record: string,
): LockSpec {
  return adopting.reduce((adopted, { kind, name, live }) => {
    const contents = objectsOf(adopted, { kind, name });
    const { current } = contents;
    const isKept =
      current?.target === world.target.metadata.name &&
      matchObject(contents, live) === 'Current' &&
      isDecided(world.records, current) &&
      objectFault(current, world.records) === undefined;
    if (isKept) return withOnlyObject(adopted, current);
    return withOnlyObject(adopted, objectEntry(world.target, { kind, name }, stateOf(kind, live, {}), record));
  }, lock);
}

/** For the record: what was found, or that nothing was. */
export function adoptedObjects(adopting: readonly LiveObject[]): readonly RecordedObject[] {
  return adopting.map(({ kind, name, live }) => {
    const { digest, content } = stateOf(kind, live, {});
    return {
      kind,
      name,
      ...(digest === undefined ? {} : { digest }),
      ...(content === undefined ? {} : { content: { ...content } }),
    };
  });
}

/** Entries of objects with the settings of their targets; what no target lists any more is free. */
export function withObjectsListed(lock: LockSpec, { target, others, records }: TargetWorld): LockSpec {
  const isOver = openApproval(records) === undefined;
  const entries = (lock.objects ?? []).flatMap((entry): readonly ApprovedObject[] => {
    const owner = [target, ...others].find(({ metadata }) => metadata.name === entry.target);
    if (owner?.spec.objects?.some((each) => isSame(each, entry)) !== true) return [];
    return [owner === target ? withObjectSettings(isOver ? withoutClosed(entry) : entry, target) : entry];
  });
  return withObjects(lock, entries);
}

/** The lock was deleted: objects are as the newest decision has them, or somebody changed them meanwhile. */
export function withRecalledObjects(lock: LockSpec, world: TargetWorld): LockSpec | TargetVerdict {
  let found = lock;
  for (const { kind, name, live } of world.objects) {
    if (objectsOf(lock, { kind, name }).current !== undefined) continue;
    const recalled = recallObject(world.records, { kind, name }, live);
    if (recalled === undefined)
      return {
        ...stall(
          'LockLost',
          `the lock holds nothing about ${shown({ kind, name })}, and it is not what was approved last: put approved content back`,
        ),
        tampered: shown({ kind, name }),
      };
    found = withOnlyObject(found, objectEntry(world.target, { kind, name }, recalled.state, recalled.record));
  }
  return found;
}

/**
 * While nothing is refused, what is live is taken over again whenever it changes. The record comes first: a lock never says
 * what no record says.
 */
export const objectsFollowLive: TargetStep = (world) => {
  if (foundProtection(world) !== protections.warn) return undefined;
  const lock = lockOf(world);
  const fresh = unadoptedObjects(world);
  const moved = world.objects.filter(
    (object) =>
      !fresh.some((each) => isSame(each, object)) && matchObject(objectsOf(lock, object), object.live) === 'None',
  );
  const [odd] = moved.flatMap((object) => objectNotCanonical(object) ?? []);
  if (odd !== undefined || moved.length === 0) return odd;
  const going: TargetVerdict = { ready: false, reason: 'Adopting', message: 'live content is taken over again' };
  const unrecorded = moved.filter((object) => recallObject(world.records, object, object.live) === undefined);
  if (unrecorded.length > 0) {
    if (!onlyWarns(world)) return undefined;
    const message = `taken over again as found, while mode is Warn: ${listOf(unrecorded.map(shown))}`;
    const currentObjects = [...adoptedObjects(unrecorded)];
    return {
      ...going,
      action: {
        do: 'Append',
        entry: { type: 'Adopted', time: rfc3339(world.now), message, currentSpecs: [], currentObjects },
      },
    };
  }
  const held = withObjects(
    lock,
    (lock.objects ?? []).filter((entry) => !moved.some((each) => isSame(each, entry))),
  );
  const next = withRecalledObjects(held, world);
  if ('ready' in next) return next;
  return { ...going, action: { do: 'WriteLock', lock: next, because: 'live content changed' } };
};

/** The fallback of an object stands again and no rollout is under way: it is what is approved from now on. */
export const undoneObject: TargetStep = (world) => {
  if (openApproval(world.records) !== undefined) return undefined;
  const lock = lockOf(world);
  for (const { kind, name, live } of world.objects) {
    const contents = objectsOf(lock, { kind, name });
    if (contents.fallback === undefined || matchObject(contents, live) !== 'Fallback') continue;
    const approved = world.records.find((record) => nameOf(record) === contents.current?.record);
    if (approved === undefined) return chainBehind(contents.current?.record);
    const isLate = contents.current?.closed === 'Late';
    const message = isLate
      ? lateWords({ kind, name }, approved)
      : undoneWords({ kind, name }, approved, objectChangedBy({ kind }, live));
    const going: TargetVerdict = { ready: false, reason: 'RolledBack', message };
    // Who deleted an object left no trace in it.
    const byController = live === undefined || wasObjectChangedByController({ kind }, live);
    if (!isLate && !isUndoTold(world, approved, { kind, name }, byController))
      return { ...going, action: outcomeAction(world, approved, 'RolledBack', 'Undone', message) };
    return {
      ...going,
      action: { do: 'WriteLock', lock: withOnlyObject(lock, contents.fallback), because: message },
    };
  }
  return undefined;
};

/** An object that is not what anybody approved: recorded once per content, and nothing is promoted until it is gone. */
export const tamperedObject: TargetStep = (world) => {
  if (onlyWarns(world)) return undefined;
  const found = world.objects.flatMap(({ kind, name, live }): readonly Found[] => {
    const contents = objectsOf(lockOf(world), { kind, name });
    if (matchObject(contents, live) !== 'None') return [];
    const { digest } = stateOf(kind, live, contents.current?.content);
    const from = contents.current?.digest;
    return [
      {
        kind,
        name,
        ...(from === undefined ? {} : { from }),
        ...(digest === undefined ? { message: 'it is not there' } : { to: digest }),
      },
    ];
  });
  if (found.length === 0) return undefined;
  const names = found.map(shown).join(', ');
  const verdict: TargetVerdict = {
    ...stall(
      'Tampered',
      `${printable(names, 900)} is not what is approved: find out how it got there, then put approved content back`,
    ),
    tampered: names,
  };
  const known = world.records.flatMap(({ tampered = [] }) => tampered);
  const fresh = found.filter((each) => {
    const last = known.findLast((item) => isSame(item, each));
    return last === undefined || last.to !== each.to || last.message !== each.message;
  });
  if (fresh.length === 0) return verdict;
  return {
    ...verdict,
    action: { do: 'Append', entry: { type: 'Tampered', time: rfc3339(world.now), tampered: fresh } },
  };
};

type Found = NonNullable<RecordSpec['tampered']>[number];

interface Named {
  readonly kind: string;
  readonly name: string;
}

function isSame(a: Named, b: Named): boolean {
  return a.kind === b.kind && a.name === b.name;
}
