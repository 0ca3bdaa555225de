import type { ProductionTarget, ProductionTargetSpec } from '../../api/index.ts';
import { parseTime, printable } from '../../canonical/index.ts';
import type { DecisionStep } from './steps.ts';
import { pending, type Held } from './verdict.ts';

type Hold = NonNullable<ProductionTargetSpec['holds']>[number];

/**
 * The holds that stand now; one whose time is over holds nothing, and is left for its owner to remove.
 *
 * @param scope only holds of this scope; left out: all of them
 * @returns undefined when there is none
 */
export function heldBy(target: ProductionTarget | undefined, now: number, scope?: Hold['scope']): Held | undefined {
  const holds = (target?.spec.holds ?? []).filter(
    (hold) => (scope === undefined || hold.scope === scope) && now < endOf(hold),
  );
  const [first, ...others] = holds.map((hold) => wordsOf(hold, target?.metadata.name ?? ''));
  return first === undefined
    ? undefined
    : { reason: 'Held', why: [first, ...others], endsIn: Math.min(...holds.map(endOf)) - now + 1 };
}

/** Milliseconds since the epoch. What cannot be read ends nothing. */
function endOf({ until }: Hold): number {
  const end = until === undefined ? Infinity : parseTime(until);
  return Number.isNaN(end) ? Infinity : end;
}

function wordsOf({ name, owner, reason, until }: Hold, target: string): string {
  const end =
    until === undefined
      ? `remove hold ${printable(name)} from ProductionTarget ${printable(target)} to go on`
      : `it ends at ${until}, or when hold ${printable(name)} is removed from ProductionTarget ${printable(target)}`;
  return `held by ${printable(owner)}: ${printable(reason)}; ${end}`;
}

/** With a hold on promotions nobody is asked. One that only holds rollouts lets people sign meanwhile. */
export const promotionsHeld: DecisionStep = ({ target, now }) => {
  const held = heldBy(target, now, 'Promotions');
  if (held === undefined) return undefined;
  const requeueAfter = Number.isFinite(held.endsIn) ? held.endsIn : undefined;
  return { ...pending('Held', held.why[0]), why: held.why, requeueAfter };
};
