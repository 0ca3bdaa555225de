import { sortedBy } from '../canonical/index.ts';
import { referencesIn, referencesOf, type ConfigurationKey } from '../workloads/index.ts';
import type { LockSpec } from './types.ts';

type Frozen = NonNullable<LockSpec['frozen']>[number];

/** ConfigMaps and Secrets that a lock freezes; the schema of a lock takes as many. */
export const MAX_FROZEN = 512;
/** Of these, names that the promotions of one person may ask for before anybody signed. */
const MAX_ASKED = 128;
/** Promotions that may ask for one name, and users that may exchange one; the schema takes as many. */
const MAX_PROMOTIONS = 64;
const MAX_ROTATORS = 16;

/**
 * The lock with the names frozen that its contents refer to, and those that promotions asked for. The one place that says
 * which these are: whoever changes a lock ends with it, so that a name is free again with the last content that refers to it.
 * Where there is no room for all, what runs comes first, then what opens next: what is only asked for is left out.
 *
 * @param stays whether a promotion, by its uid, may still open the lock
 */
export function refrozen(lock: LockSpec, stays: (promotion: string) => boolean = () => true): LockSpec {
  const frozen = heldBy(lock);
  const asked = (lock.frozen ?? []).map(({ promotions = [], opening, ...key }) => ({
    key,
    promotions: promotions.filter(stays),
    opening: opening !== undefined && stays(opening) ? opening : undefined,
  }));
  for (const { key, promotions, opening } of sortedBy(asked, (each) => (each.opening === undefined ? 'b' : 'a'))) {
    const held = frozen.get(placeOf(key));
    const isAsked = opening !== undefined || promotions.length > 0;
    if (!isAsked || (held === undefined && frozen.size >= MAX_FROZEN)) continue;
    frozen.set(placeOf(key), {
      ...(held ?? frozenKey(key, key.rotators)),
      ...(promotions.length === 0 ? {} : { promotions }),
      ...(opening === undefined ? {} : { opening }),
    });
  }
  const { frozen: _before, ...rest } = lock;
  return frozen.size === 0 ? rest : { ...rest, frozen: sortedBy([...frozen.values()], placeOf) };
}

/** What approved contents refer to, whoever asks. */
function heldBy({ approved, jobs = [] }: LockSpec): Map<string, Frozen> {
  const frozen = new Map<string, Frozen>();
  const ofJobs = jobs.map(({ spec }) => ({ rotators: [], references: referencesIn(spec['template']) }));
  const contents = approved.map(({ kind, spec, rotators = [] }) => ({
    rotators,
    references: referencesOf(kind, spec),
  }));
  for (const { references, rotators } of [...contents, ...ofJobs])
    for (const reference of references) {
      const before = frozen.get(placeOf(reference));
      // Where one content lets nobody exchange it, nobody does.
      const allowed =
        before === undefined ? rotators : (before.rotators ?? []).filter((user) => rotators.includes(user));
      frozen.set(placeOf(reference), frozenKey(reference, allowed));
    }
  return frozen;
}

/** Of these names, those that approved contents do not refer to: what a promotion has to ask for. */
export function notHeld<T extends ConfigurationKey>(lock: LockSpec, names: readonly T[]): readonly T[] {
  const held = heldBy(lock);
  return names.filter((key) => !held.has(placeOf(key)));
}

/**
 * Names that the promotions of one person may ask for together. Half of the room that approved contents leave stays for
 * others, so that nobody shuts them out by asking.
 */
export function mostAsked(lock: LockSpec): number {
  return Math.min(MAX_ASKED, Math.ceil((MAX_FROZEN - heldBy(lock).size) / 2));
}

/** How many names beside these the lock freezes because one of those promotions asked. */
export function askedFor(lock: LockSpec, promotions: readonly string[], beside: readonly ConfigurationKey[]): number {
  const own = new Set(beside.map(placeOf));
  const asked = (lock.frozen ?? []).filter(
    (key) => !own.has(placeOf(key)) && key.promotions?.some((uid) => promotions.includes(uid)),
  );
  return notHeld(lock, asked).length;
}

/** Whether the lock freezes all of these names. */
export function freezes({ frozen = [] }: LockSpec, names: readonly ConfigurationKey[]): boolean {
  const places = new Set(frozen.map(placeOf));
  return names.every((key) => places.has(placeOf(key)));
}

/**
 * The lock with these names frozen for a promotion, and no others for it: before it opens, and as long as people are asked.
 * Names that approved contents refer to are frozen anyway. Nobody has signed yet, so whoever exchanges Secrets here goes on.
 *
 * @param rotators of the promotion's target
 */
export function withAsked(
  lock: LockSpec,
  wanted: readonly ConfigurationKey[],
  promotion: string,
  rotators: readonly string[] = [],
): LockSpec {
  const here = [...rotators, ...lock.approved.flatMap((entry) => entry.rotators ?? [])];
  const others = withoutPromotion(lock, promotion);
  const asked = notHeld(lock, wanted).map((key): Frozen => {
    const before = others.find((each) => placeOf(each) === placeOf(key));
    const { promotions = [], rotators: users = [] } = before ?? {};
    return {
      ...before,
      ...frozenKey(key, [...new Set([...here, ...users])].toSorted().slice(0, MAX_ROTATORS)),
      promotions: promotions.length < MAX_PROMOTIONS ? [...promotions, promotion].toSorted() : promotions,
    };
  });
  return refrozen({ ...lock, frozen: withNamesakes(others, asked) });
}

/**
 * The lock in which nobody exchanges what these names hold, rotators and whoever rolls back an object of the target
 * included: what is digested after it is what the lock opens for. It stands for a moment, see {@link withReleased}.
 */
export function withHeldStill(lock: LockSpec, names: readonly ConfigurationKey[], promotion: string): LockSpec {
  const before = lock.frozen ?? [];
  const still = names.flatMap((key): readonly Frozen[] => {
    const found = before.find((each) => placeOf(each) === placeOf(key));
    return found !== undefined && isStill(lock, found) ? [] : [{ ...(found ?? frozenKey(key)), opening: promotion }];
  });
  if (still.length === 0) return lock;
  return refrozen({ ...lock, frozen: withNamesakes(before, still) });
}

/** Whether what a frozen name holds can be exchanged by nobody. */
function isStill({ objects = [] }: LockSpec, { kind, name, rotators = [], opening }: Frozen): boolean {
  if (opening !== undefined) return true;
  return kind === 'Secret'
    ? rotators.length === 0
    : !objects.some((object) => object.kind === kind && object.name === name && object.role === 'Fallback');
}

/** The lock in which this promotion holds nothing still any more. */
export function withReleased(lock: LockSpec, promotion: string): LockSpec {
  const { frozen } = lock;
  if (!frozen?.some(({ opening }) => opening === promotion)) return lock;
  return refrozen({
    ...lock,
    frozen: frozen.map(({ opening, ...key }) =>
      opening === promotion || opening === undefined ? key : { ...key, opening },
    ),
  });
}

/** The list with these in the place of their namesakes. */
function withNamesakes(frozen: readonly Frozen[], by: readonly Frozen[]): Frozen[] {
  const places = new Set(by.map(placeOf));
  return [...frozen.filter((each) => !places.has(placeOf(each))), ...by];
}

/** What the lock freezes for others than this promotion. */
function withoutPromotion({ frozen = [] }: LockSpec, promotion: string) {
  return frozen.map(({ promotions = [], ...key }) => ({
    ...key,
    promotions: promotions.filter((each) => each !== promotion),
  }));
}

function frozenKey({ kind, name }: ConfigurationKey, rotators: readonly string[] = []): Frozen {
  return { kind, name, ...(kind === 'Secret' && rotators.length > 0 ? { rotators: [...rotators] } : {}) };
}

function placeOf({ kind, name }: ConfigurationKey): string {
  return `${kind}/${name}`;
}
