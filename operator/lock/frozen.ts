import { sortedBy } from '../canonical/index.ts';
import { referencesOf, type ConfigurationKey } from '../workloads/index.ts';
import type { LockSpec } from './types.ts';

type Frozen = NonNullable<LockSpec['frozen']>[number];

/** ConfigMaps and Secrets that a lock freezes; the schema of a lock takes as many. */
export const MAX_FROZEN = 512;

/**
 * The lock with the names frozen that its contents refer to, and those that promotions asked for. The one place that says
 * which these are: whoever changes a lock ends with it, so that a name is free again with the last content that refers to it.
 *
 * @param stays whether a promotion, by its uid, may still open the lock
 */
export function refrozen(lock: LockSpec, stays: (promotion: string) => boolean = () => true): LockSpec {
  const frozen = new Map<string, Frozen>();
  for (const { kind, spec, rotators = [] } of lock.approved)
    for (const reference of referencesOf(kind, spec)) {
      const before = frozen.get(placeOf(reference));
      // Where one content lets nobody exchange it, nobody does.
      const allowed =
        before === undefined ? rotators : (before.rotators ?? []).filter((user) => rotators.includes(user));
      frozen.set(placeOf(reference), frozenKey(reference, allowed));
    }
  for (const { promotions = [], ...key } of lock.frozen ?? []) {
    const open = promotions.filter(stays);
    const held = frozen.get(placeOf(key)) ?? frozenKey(key);
    if (open.length > 0) frozen.set(placeOf(key), { ...held, promotions: open });
  }
  const { frozen: _before, ...rest } = lock;
  return frozen.size === 0 ? rest : { ...rest, frozen: sortedBy([...frozen.values()], placeOf) };
}

/**
 * The lock with these names frozen for a promotion, and no others for it: before it opens, and as long as people are asked.
 * Names that approved contents refer to are frozen anyway.
 */
export function withAsked(lock: LockSpec, wanted: readonly ConfigurationKey[], promotion: string): LockSpec {
  const held = new Set((refrozen(lock, () => false).frozen ?? []).map(placeOf));
  const others = (lock.frozen ?? []).map(({ promotions = [], ...key }) => ({
    ...frozenKey(key),
    promotions: promotions.filter((each) => each !== promotion),
  }));
  const asked = wanted
    .filter((key) => !held.has(placeOf(key)))
    .map((key) => {
      const before = others.find((each) => placeOf(each) === placeOf(key))?.promotions ?? [];
      return { ...frozenKey(key), promotions: [...before, promotion].toSorted() };
    });
  return refrozen({ ...lock, frozen: [...others, ...asked] });
}

function frozenKey({ kind, name }: ConfigurationKey, rotators: readonly string[] = []): Frozen {
  return { kind, name, ...(kind === 'Secret' && rotators.length > 0 ? { rotators: [...rotators] } : {}) };
}

function placeOf({ kind, name }: ConfigurationKey): string {
  return `${kind}/${name}`;
}
