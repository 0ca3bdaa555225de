import type { PromotionReason } from '../../api/index.ts';
import type { CountResult } from '../../votes/index.ts';
import { decideApproval } from './approval.ts';
import { factsOf, type Facts } from './facts.ts';
import { lockIntact } from './lock.ts';
import { exercised, manifests } from './manifests.ts';
import { targetReplaced } from './replaced.ts';
import * as steps from './steps.ts';
import { superseded } from './superseding.ts';
import { uncanonicalIn } from './uncanonical.ts';
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
  lockIntact,
  steps.tooManyOpen,
  steps.rollingOut,
  targetReplaced,
  steps.expired,
  steps.clock,
  steps.target,
  steps.policyAndKeyring,
  steps.requester,
  steps.admitted,
  manifests,
  superseded,
  steps.busy,
  steps.gates,
  steps.settled,
  steps.plan,
  steps.nothingToDo,
  exercised,
  steps.lockFits,
];

/** What has no digest may have one later, without an event that says so: looked at again after so many milliseconds. */
const LOOK_AGAIN_MS = 30_000;

/** What a promotion is and what is done next: a pure function of the world. */
export function decide(world: World): Decision {
  const uncanonical = uncanonicalIn(world);
  if (uncanonical !== undefined) return undecidable(world, uncanonical);
  const facts = factsOf(world);
  for (const step of CHAIN) {
    const verdict = step(world, facts);
    if (verdict !== undefined) return { verdict, facts, count: undefined };
  }
  const { verdict, count } = decideApproval(world, facts);
  return { verdict, facts, count };
}

/** The decision where the world cannot be judged: nothing is done, and whoever looks is told why. */
export function undecidable(
  world: World,
  { reason, message }: { readonly reason: PromotionReason; readonly message: string },
): Decision {
  const known = { ...world, workloads: [], environment: undefined };
  const facts = factsOf(known);
  const over = steps.ended(known, facts);
  if (over !== undefined) return { verdict: over, facts, count: undefined };
  const stalled = steps.stall(reason, message, LOOK_AGAIN_MS);
  const verdict: Verdict = facts.history.approved === undefined ? stalled : { ...stalled, phase: 'RollingOut' };
  return { verdict, facts, count: undefined };
}
