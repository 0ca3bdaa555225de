import type { ProductionTarget, ProductionTargetSpec } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import type { DecisionStep } from './steps.ts';
import { pending } from './verdict.ts';

export type Hold = NonNullable<ProductionTargetSpec['holds']>[number];

/** Holds that stand now; one whose time is over holds nothing, and is left for its owner to remove. */
export function standingHolds(target: ProductionTarget | undefined, now: number): readonly Hold[] {
  return (target?.spec.holds ?? []).filter(({ until }) => until === undefined || now < Date.parse(until));
}

/** Who holds production and why, who lets go, and when it lets go by itself. */
export function holdWords({ name, owner, reason, until }: Hold, target: string): string {
  const end =
    until === undefined
      ? `remove hold ${printable(name)} from ProductionTarget ${printable(target)} to go on`
      : `it ends at ${until}, or when hold ${printable(name)} is removed from ProductionTarget ${printable(target)}`;
  return `held by ${printable(owner)}: ${printable(reason)}; ${end}`;
}

/**
 * Milliseconds until the first of these holds ends by itself.
 *
 * @returns undefined when none does
 */
export function firstEnd(holds: readonly Hold[], now: number): number | undefined {
  const ends = holds.flatMap(({ until }) => (until === undefined ? [] : [Date.parse(until)]));
  return ends.length === 0 ? undefined : Math.min(...ends) - now + 1;
}

/** With a hold on promotions nobody is asked. One that only holds rollouts lets people sign meanwhile. */
export const promotionsHeld: DecisionStep = ({ target, now }) => {
  const holds = standingHolds(target, now).filter(({ scope }) => scope === 'Promotions');
  if (target === undefined || holds.length === 0) return undefined;
  const why = holds.map((hold) => holdWords(hold, target.metadata.name));
  return { ...pending('Held', why[0] ?? ''), why, requeueAfter: firstEnd(holds, now) };
};
