import type { CountResult } from '../approvals/index.ts';
import { decideApproval } from './approval.ts';
import { factsOf, type Facts } from './facts.ts';
import { targetReplaced } from './replaced.ts';
import * as steps from './steps.ts';
import { superseded } from './superseding.ts';
import type { Verdict } from './verdict.ts';
import type { World } from './world.ts';

/** Everything that status shows. */
export interface Decision {
  readonly verdict: Verdict;
  readonly facts: Facts;
  /** Undefined where the votes were not looked at. */
  readonly count: CountResult | undefined;
}

/** In this order; the first that answers decides (design: security, "Counting"). */
const CHAIN: readonly steps.DecisionStep[] = [
  steps.ended,
  steps.tooManyOpen,
  steps.rollingOut,
  targetReplaced,
  steps.expired,
  steps.clock,
  steps.target,
  steps.policyAndKeyring,
  steps.requester,
  steps.admitted,
  superseded,
  steps.busy,
  steps.gates,
  steps.settled,
  steps.plan,
  steps.nothingToDo,
  steps.lockFits,
];

/** What a promotion is and what is done next: a pure function of the world. */
export function decide(world: World): Decision {
  const facts = factsOf(world);
  for (const step of CHAIN) {
    const verdict = step(world, facts);
    if (verdict !== undefined) return { verdict, facts, count: undefined };
  }
  const { verdict, count } = decideApproval(world, facts);
  return { verdict, facts, count };
}
