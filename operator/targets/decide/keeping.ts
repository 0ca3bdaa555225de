import { printable, rfc3339 } from '../../canonical/index.ts';
import { nameOf, openApproval, openRounds, outcomeEntry, type RecordSpec } from '../../records/index.ts';
import {
  changedBy,
  contentsOf,
  decisionsOn,
  entryOf,
  lockOverflow,
  matchLive,
  recall,
  sameLock,
  wasChangedByController,
  withOnly,
  type LockSpec,
} from '../../lock/index.ts';
import { specDigestOrFault, undoneSpec } from '../../workloads/index.ts';
import { settings } from './adopt.ts';
import { withRecalledObjects } from './objects.ts';
import { isUndoTold, lateWords, outcomeAction, undoneWords } from './outcomes.ts';
import {
  chainBehind,
  isProtected,
  lockOf,
  onlyWarns,
  shown,
  stall,
  wantedProtection,
  type TargetStep,
} from './common.ts';
import type { TargetVerdict } from './verdict.ts';
import type { Named } from './world.ts';

/** Somebody with the right to do so deleted the lock: it is made again from what the records say is approved. */
export const lockThere: TargetStep = (world) => {
  const held = lockOf(world);
  let lock: LockSpec = held;
  for (const { kind, name, live } of world.workloads) {
    const { current, fallback } = contentsOf(held, { kind, name });
    // A fallback alone is one that people signed away: it goes, or somebody brought it back.
    if (current !== undefined || fallback !== undefined || live?.spec === undefined) continue;
    const recalled = recall(world.records, { kind, name }, { ...live.spec }, world.target.spec.mutations);
    if (recalled === undefined)
      return {
        ...stall(
          'LockLost',
          `the lock was deleted and ${kind}/${name} runs something that was not approved last: put approved content back`,
        ),
        tampered: `${kind}/${name}`,
      };
    lock = withOnly(lock, entryOf(world.target, { kind, name }, recalled.spec, recalled.record));
  }
  const recalled = withRecalledObjects(lock, world);
  if ('ready' in recalled) return recalled;
  lock = recalled;
  if (lock === held && world.lock !== undefined) return undefined;
  return {
    ready: false,
    reason: 'LockLost',
    message: 'the lock is made again',
    action: { do: 'WriteLock', lock: settings(lock, world), because: 'it was gone' },
  };
};

/** Puts the label of the namespace back as its targets want it. */
export const protection: TargetStep = (world) =>
  isProtected(world)
    ? undefined
    : {
        ready: false,
        reason: 'LabelLost',
        message: 'the namespace lost its label and gets it back',
        action: { do: 'Protect', as: wantedProtection(world) },
      };

/** Puts back what lets this process read what approved contents refer to: without it nothing is promoted. */
export const readable: TargetStep = (world) =>
  world.bound
    ? undefined
    : {
        ready: true,
        reason: 'Protected',
        message: 'this process is let in to read ConfigMaps and Secrets that approved content refers to',
        action: { do: 'Bind' },
      };

/** A promotion that was deleted during its rollout must not hold the target for ever. */
export const orphans: TargetStep = (world) => {
  const open = openApproval(world.records);
  if (open?.promotion === undefined || world.promotions.has(open.promotion.uid)) return undefined;
  const stays = (open.outcome?.changes ?? []).filter(({ kind, name, from }) => {
    const live = world.workloads.find((w) => w.kind === kind && w.name === name)?.live;
    return live?.spec === undefined
      ? from !== undefined
      : matchLive(contentsOf(lockOf(world), { kind, name }), { ...live.spec }) === 'Current';
  });
  const [result, reason] = [stays.length === 0 ? 'RolledBack' : 'Failed', 'PromotionDeleted'] as const;
  const message = `promotion ${open.promotion.name} was deleted during its rollout: ${
    stays.length === 0
      ? 'production has what it had before'
      : `${stays.map(({ kind, name }) => `${kind}/${name}`).join(', ')} keeps what it brought, or is gone, and nobody verifies it`
  }`;
  // What it never reached is closed like what it took back.
  const changes = result === 'Failed' ? stays : undefined;
  return { ready: false, reason, message, action: outcomeAction(world, open, result, reason, message, changes) };
};

/** Whom people were asked about was deleted before they had decided: that is an end too. */
export const abandoned: TargetStep = ({ now, records, promotions }) => {
  for (const round of openRounds(records)) {
    const { promotion } = round;
    if (promotion === undefined || promotions.has(promotion.uid)) continue;
    const [result, reason] = ['Failed', 'PromotionDeleted'] as const;
    const message = `promotion ${promotion.name} was deleted while it asked for votes: nothing was changed`;
    const entry = outcomeEntry({ now, promotion, round, result, reason, message });
    return { ready: false, reason, message, action: { do: 'Append', entry } };
  }
  return undefined;
};

/** The fallback is live and no rollout is under way: an on-call undid it, or a rollout was taken back. */
export const undone: TargetStep = (world) => {
  if (openApproval(world.records) !== undefined) return undefined;
  const lock = lockOf(world);
  for (const { kind, name, live } of world.workloads) {
    if (live?.spec === undefined) continue;
    const contents = contentsOf(lock, { kind, name });
    const match = matchLive(contents, { ...live.spec });
    if ((match !== 'Fallback' && match !== 'Undone') || contents.fallback === undefined) continue;
    // A removal has no content that would name its record.
    const decided = contents.current?.record ?? decisionsOn(world.records, { kind, name })[0]?.record;
    const approved = world.records.find((record) => nameOf(record) === decided);
    if (approved === undefined) return chainBehind(decided);
    const isLate = [contents.current, contents.fallback].some((entry) => entry?.closed === 'Late');
    const message = isLate
      ? lateWords({ kind, name }, approved)
      : undoneWords({ kind, name }, approved, changedBy({ kind }, live));
    const going: TargetVerdict = { ready: false, reason: 'RolledBack', message };
    if (!isLate && !isUndoTold(world, approved, { kind, name }, wasChangedByController({ kind }, live)))
      return { ...going, action: outcomeAction(world, approved, 'RolledBack', 'Undone', message) };
    // As it was approved, without what others may have added since.
    const undoneTo =
      match === 'Fallback' || contents.current === undefined
        ? undefined
        : undoneSpec(kind, contents.current.spec, contents.fallback.spec);
    const spec = undoneTo ?? contents.fallback.spec;
    const next = withOnly(lock, entryOf(world.target, { kind, name }, spec, contents.fallback.record));
    return { ...going, action: { do: 'WriteLock', lock: next, because: message } };
  }
  return undefined;
};

/** Content that nobody approved: recorded once per digest, and nothing is promoted until it is gone. */
export const tampered: TargetStep = (world) => {
  if (onlyWarns(world)) return undefined;
  const found = [...world.workloads, ...world.givenUp].flatMap(({ kind, name, live }) => {
    if (live?.spec === undefined) return [];
    const contents = contentsOf(lockOf(world), { kind, name });
    if (matchLive(contents, { ...live.spec }) !== 'None') return [];
    const digested = specDigestOrFault(kind, live.spec);
    const to = 'digest' in digested ? { to: digested.digest } : { message: printable(digested.fault.message, 900) };
    return [{ kind, name, from: contents.current?.digest, ...to }];
  });
  if (found.length === 0) return undefined;
  const names = found.map(shown).join(', ');
  const verdict: TargetVerdict = {
    ...stall(
      'Tampered',
      `${names} has content that nobody approved (${found.map(whatOf).join(', ')}): find out how it got there, then put approved content back, e.g. kubectl rollout undo`,
    ),
    tampered: names,
  };
  const fresh = found.filter((each) => lastFound(world.records, each) !== whatOf(each));
  if (fresh.length === 0) return verdict;
  return {
    ...verdict,
    action: { do: 'Append', entry: { type: 'Tampered', time: rfc3339(world.now), tampered: fresh } },
  };
};

/** Writes what the target's settings say now into the lock; what is approved stays as it is. */
export const upkeep: TargetStep = (world) => {
  const lock = lockOf(world);
  const wanted = settings(lock, world);
  if (sameLock(lock, wanted)) return undefined;
  const overflow = lockOverflow(wanted);
  if (overflow !== undefined)
    return stall('LockTooLarge', `${overflow} with the settings of this target: write fewer or shorter ones`);
  return {
    ready: true,
    reason: 'Protected',
    message: 'settings of the target go to the lock',
    action: { do: 'WriteLock', lock: wanted, because: 'settings of the target changed' },
  };
};

type Found = NonNullable<RecordSpec['tampered']>[number];

function whatOf({ to, message }: Pick<Found, 'to' | 'message'>): string {
  return to ?? message ?? '';
}

function lastFound(records: readonly RecordSpec[], workload: Named): string | undefined {
  const found = records
    .flatMap(({ tampered: list = [] }) => list)
    .findLast((item) => item.kind === workload.kind && item.name === workload.name);
  return found === undefined ? undefined : whatOf(found);
}
