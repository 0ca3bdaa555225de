import {
  askedFor,
  freezes,
  lockOverflow,
  MAX_FROZEN,
  mostAsked,
  notHeld,
  sameLock,
  usersOf,
  withAsked,
  withHeldStill,
  withReleased,
  type LockSpec,
} from '../../lock/index.ts';
import type { Promotion } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import type { ObjectKey } from '../../objects/index.ts';
import { referencesOf, type ConfigurationKey } from '../../workloads/index.ts';
import { shownKey, type Configured } from './configured.ts';
import { openedLock } from './content.ts';
import type { Facts } from './facts.ts';
import type { DecisionStep } from './steps.ts';
import { stall, type Verdict } from './verdict.ts';
import type { DecidingWorld } from './world.ts';

/** Milliseconds; ConfigMaps and Secrets are not followed: one that is missing is looked for again. */
const LOOK_AGAIN_MS = 10_000;

/**
 * What is signed is what the pods will read: it is there, and frozen before it is digested. A name that is missing is
 * frozen for nobody, so that people can make it; one that may be absent is frozen when the lock opens.
 */
export const configurationUnsettled: DecisionStep = (
  { promotion, target, history, sameRequester },
  { configuration, lock },
) => {
  const { uid = '' } = promotion.metadata;
  const missing = configuration.find(isMissing);
  const wanted = missing === undefined ? configuration.filter(({ state }) => state !== 'Absent') : [];
  const asked = notHeld(lock, wanted);
  const full = asked.length === 0 ? undefined : beyondShare(asked, lock, sameRequester);
  if (full !== undefined) return full;
  const before = history.approved === undefined ? withReleased(lock, uid) : lock;
  const asking = withAsked(before, wanted, uid, usersOf(target?.spec.rotators));
  const overflow = lockOverflow(asking);
  if (overflow !== undefined) return stall('LockTooLarge', `${overflow}: refer to fewer ConfigMaps and Secrets`);
  if (!freezes(asking, asked)) return NO_ROOM;
  const verdict = missing === undefined ? FREEZING : missingOne(missing, lock);
  if (!sameLock(lock, asking)) return { ...verdict, action: { do: 'Freeze', lock: asking } };
  return missing === undefined ? undefined : verdict;
};

/** One person's promotions leave room for those of others. */
function beyondShare(
  asked: readonly ConfigurationKey[],
  lock: LockSpec,
  sameRequester: readonly string[],
): Verdict | undefined {
  const most = mostAsked(lock);
  const words = `it refers to ${asked.length} ConfigMaps and Secrets that nothing approved refers to, and`;
  if (asked.length > most)
    return stall('LockTooLarge', `${words} one promotion may bring ${most}: promote fewer workloads at once`);
  const others = askedFor(lock, sameRequester, asked);
  if (asked.length + others <= most) return undefined;
  return stall(
    'LockTooLarge',
    `${words} other promotions of the same person bring ${others}; together they may bring ${most}: delete one of them, or wait until one is over`,
    LOOK_AGAIN_MS,
  );
}

/**
 * Before the lock opens, what is signed is held still where somebody could exchange it, a rotator or who rolls back an
 * object; then it is digested once more, and what differs opens a new round.
 */
export function configurationExchangeable(
  { promotion }: DecidingWorld,
  { configuration, changedObjects, lock }: Facts,
): Verdict | undefined {
  const signed = configuration.filter((key) => !changedObjects.some((object) => isSame(object, key)));
  const still = withHeldStill(lock, signed, promotion.metadata.uid ?? '');
  if (sameLock(lock, still)) return undefined;
  if (!freezes(still, signed)) return NO_ROOM;
  return {
    phase: 'Approved',
    reason: 'Freezing',
    message:
      'it is approved; what its ConfigMaps and Secrets hold is digested once more, and nobody exchanges it meanwhile',
    action: { do: 'Freeze', lock: still },
  };
}

/** The same verdict, and nothing is held still any more for one that goes on waiting. */
export function released(verdict: Verdict, { promotion, lock }: DecidingWorld): Verdict {
  if (lock === undefined || verdict.action !== undefined) return verdict;
  const free = withReleased(lock.spec, promotion.metadata.uid ?? '');
  return sameLock(lock.spec, free) ? verdict : { ...verdict, action: { do: 'Freeze', lock: free } };
}

/** Else an undo would run old code with new configuration, or pods would not start. */
export const configurationInPlace: DecisionStep = (world, facts) => {
  const configMaps = facts.changedObjects.filter(({ kind }) => kind === 'ConfigMap');
  if (configMaps.length === 0) return undefined;
  const { approved } = openedLock(world, facts, 'next');
  for (const object of configMaps) {
    const goes = object.desired.content === undefined;
    const by = approved.find(
      ({ role, kind, spec }) =>
        (goes || role === 'Fallback') && referencesOf(kind, spec).some((each) => isSame(each, object)),
    );
    if (by === undefined) continue;
    const who = `${by.role === 'Fallback' ? 'the fallback of ' : ''}${by.kind}/${by.name}`;
    const where = fieldOf(world.promotion.spec, object);
    const name = printable(object.name);
    return stall(
      'ConfigurationInPlace',
      goes
        ? `${where} takes ConfigMap/${name} away, and ${who} refers to it: it goes with a promotion after which nothing does`
        : `${where} changes ConfigMap/${name} in place, and ${who} refers to it too: promote it under a new name, with a template that refers to that`,
    );
  }
  return undefined;
};

/** Workloads that go on as they are, and whose pods read the object: when they see the new content is not the promotion's. */
export function readersOf({ kind, name }: ObjectKey, { changed, lock }: Facts): readonly string[] {
  return lock.approved
    .filter((entry) => entry.role === 'Current' && !changed.some((each) => isSame(each, entry)))
    .filter((entry) => referencesOf(entry.kind, entry.spec).some((each) => isSame(each, { kind, name })))
    .map((entry) => `${entry.kind}/${entry.name}`);
}

function fieldOf({ objects = [], removes = [] }: Promotion['spec'], { kind, name }: ObjectKey): string {
  const brought = objects.findIndex((each) => each.kind === kind && each.metadata.name === name);
  return brought < 0
    ? `spec.removes[${removes.findIndex((each) => each.kind === kind && each.name === name)}]`
    : `spec.objects[${brought}]`;
}

function isSame(a: Named, b: Named): boolean {
  return a.kind === b.kind && a.name === b.name;
}

interface Named {
  readonly kind: string;
  readonly name: string;
}

const NO_ROOM = stall(
  'LockTooLarge',
  `the lock of the namespace freezes ${MAX_FROZEN} ConfigMaps and Secrets, and has no room for more: refer to fewer, or wait until other promotions are over`,
);

const FREEZING: Verdict = {
  phase: 'Gating',
  reason: 'Freezing',
  message: 'the ConfigMaps and Secrets that it refers to are frozen, and digested next',
};

function isMissing({ optional, state }: Configured): boolean {
  return state === 'Ending' || state === 'Unread' || (state === 'Absent' && !optional);
}

function missingOne(configured: Configured, lock: Facts['lock']): Verdict {
  const { by, state } = configured;
  const what = `${by} refers to ${shownKey(configured)}`;
  if (state === 'Ending')
    return stall('ConfigurationMissing', `${what}, which is being deleted: wait, then create it again`, LOOK_AGAIN_MS);
  // Approved content that refers to what is not there keeps anybody from making it.
  const isHeld = notHeld(lock, [configured]).length === 0;
  const hint = isHeld
    ? 'and approved content refers to that name too, so that nobody can create it: promote a template that refers to another one'
    : 'create it, or mark the reference as optional';
  return stall('ConfigurationMissing', `${what}, which does not exist: ${hint}`, LOOK_AGAIN_MS);
}
