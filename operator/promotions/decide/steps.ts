import type { Facts } from './facts.ts';
import type { Verdict } from './verdict.ts';
import type { DecidingWorld } from './world.ts';

/** One question about a promotion that is not rolled out yet, named by its answer. */
export type DecisionStep = (world: DecidingWorld, facts: Facts) => Verdict | undefined;

/** The answer of the first step that has one; the order of the steps is the order of what matters. */
export function firstAnswer<Input extends readonly unknown[]>(
  steps: readonly ((...input: Input) => Verdict | undefined)[],
  ...input: Input
): Verdict | undefined {
  for (const step of steps) {
    const verdict = step(...input);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}
