import { isRefusalBy } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import { parseQuantity, type Pod } from '../../kube/index.ts';
import { contentsOf } from '../../lock/index.ts';
import { adoptingLock, unadopted } from './adopt.ts';
import { lockOf, sameWorkload, shown, stall, type TargetStep } from './common.ts';
import { newPodDifference } from './compare.ts';
import { makerOf } from './owners.ts';
import type { Rehearsal, TargetWorld } from './world.ts';

/** Milliseconds after which what refuses or changes pods here is asked again: nothing tells when it changes. */
const ASK_AGAIN = 15_000;
/** A lock takes a moment to reach admission. */
const SOON = 1000;

/**
 * A pod of each template is created as a dry run before the namespace is taken over, so that whatever changes or refuses
 * pods here shows itself: else the first eviction would leave nothing running.
 */
export const rehearsal: TargetStep = (world) => {
  for (const each of world.rehearsals) {
    const verdict = verdictOn(world, each);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
};

function verdictOn(world: TargetWorld, rehearsed: Rehearsal): ReturnType<TargetStep> {
  const { outcome } = rehearsed;
  const pods = `new pods of ${shown(rehearsed)}`;
  if ('noDryRun' in outcome)
    return {
      ...stall(
        'WebhookWithoutDryRun',
        `what becomes of ${pods} is not known: ${printable(outcome.noDryRun, 500)}; give that webhook sideEffects: None (or NoneOnDryRun), or exclude the namespace from it`,
      ),
      requeueAfter: ASK_AGAIN,
    };
  if ('refused' in outcome) {
    if (isOwnRefusal(outcome.refused)) return ownRefusal(world, rehearsed, outcome.refused);
    if (isFullQuota(world, rehearsed)) return undefined;
    return {
      ...stall(
        'PodsRefused',
        `${pods} are refused here, so that the first eviction would leave none: ${printable(outcome.refused, 1000)}`,
      ),
      requeueAfter: ASK_AGAIN,
    };
  }
  const lock = adoptingLock(world, unadopted(world, world.workloads));
  const { current } = contentsOf(lock, rehearsed);
  const differs = current === undefined ? 'nothing is approved' : newPodDifference(outcome.answer, [current]);
  return differs === undefined
    ? undefined
    : mutated(pods, `they differ from the template on their way in (${differs})`);
}

/** Our own policy compares with the lock, which has the entry only once it is written, and sees it a moment later. */
function ownRefusal(world: TargetWorld, rehearsed: Rehearsal, refused: string): ReturnType<TargetStep> {
  const { current } = contentsOf(lockOf(world), rehearsed);
  if (current?.target !== world.target.metadata.name) return undefined;
  return {
    ...mutated(`new pods of ${shown(rehearsed)}`, printable(refused, 1000)),
    stalled: false,
    requeueAfter: SOON,
  };
}

function mutated(pods: string, how: string): NonNullable<ReturnType<TargetStep>> {
  return {
    ...stall(
      'PodsMutated',
      `${pods} would not be let in: ${how}; something changes pods in this namespace: let it in by mutations[] or injected[] of the target, or keep it away`,
    ),
    requeueAfter: ASK_AGAIN,
  };
}

function isOwnRefusal(refused: string): boolean {
  return isRefusalBy('pods', refused);
}

/**
 * A quota that its own pods fill takes a pod again for each that goes: that is a warning, not an obstacle. One that holds
 * more than it allows does not.
 */
export function isFullQuota(world: TargetWorld, { kind, name, outcome }: Rehearsal): boolean {
  if (!('refused' in outcome)) return false;
  const said = /exceeded quota: [^,]+, requested: (.+), used: (.+), limited: ([^\s]+)/.exec(outcome.refused);
  if (said === null) return false;
  const maker = makerOf(world);
  const runs = (world.running.pods ?? []).some((pod) => {
    const made = maker(pod);
    return made !== undefined && sameWorkload(made, { kind, name }) && !isOver(pod);
  });
  const [used, limited] = [amounts(said[2] ?? ''), amounts(said[3] ?? '')];
  return runs && limited.size > 0 && [...limited].every(([what, limit]) => (used.get(what) ?? Infinity) <= limit);
}

function isOver({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** `pods=1,limits.cpu=500m` */
function amounts(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split(',').flatMap((each) => {
      const [what = '', amount = ''] = each.split('=');
      return [[what, parseQuantity(amount) ?? Number.NaN] as const];
    }),
  );
}
