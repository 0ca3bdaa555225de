import type { CountResult } from '../../votes/index.ts';
import { decideApproval } from './approval.ts';
import { chains } from './chains.ts';
import { released } from './configuration.ts';
import { recordedEnd } from './end.ts';
import { factsOf, type Facts } from './facts.ts';
import { tooManyOpen } from './queue.ts';
import { rolloutVerdict, unjudged } from './rollout.ts';
import { firstAnswer, type DecisionStep } from './steps.ts';
import { uncanonicalIn } from './uncanonical.ts';
import { undecidable } from './unreadable.ts';
import type { Verdict } from './verdict.ts';
import type { DecidingWorld, World } from './world.ts';

/** Everything that status shows. */
export interface Decision {
  readonly verdict: Verdict;
  /** Of one that is not rolled out yet, and could be judged. */
  readonly facts?: Facts | undefined;
  /** Undefined where the votes were not looked at. */
  readonly count?: CountResult | undefined;
}

const STEPS: readonly DecisionStep[] = Object.values(chains).flat();

/** What a promotion is and what is done next: a pure function of the world (design: security, "Counting"). */
export function decide(world: World): Decision {
  switch (world.stage) {
    case 'Over':
      return { verdict: recordedEnd(world) };
    case 'Queued':
      return { verdict: tooManyOpen(world) };
    case 'Unreadable':
      return { verdict: undecidable(world, world.because) };
    case 'Deciding': {
      const found = uncanonicalIn(world);
      return found === undefined ? decided(world) : { verdict: undecidable(world, found) };
    }
    case 'RollingOut': {
      const found = uncanonicalIn(world);
      if (found === undefined) return { verdict: rolloutVerdict(world) };
      return { verdict: unjudged(world, found) ?? undecidable(world, found) };
    }
  }
}

/** The last question is whether people have approved exactly this. */
function decided(world: DecidingWorld): Decision {
  const facts = factsOf(world);
  const verdict = firstAnswer(STEPS, world, facts);
  const decision = verdict === undefined ? decideApproval(world, facts) : { verdict };
  return { facts, ...decision, verdict: inTime(released(decision.verdict, world), world, facts) };
}

/** Nothing else goes on while an approval is open: that it is over is not left to an event. */
function inTime(verdict: Verdict, { now, history }: DecidingWorld, { notAfter }: Facts): Verdict {
  if (history.approved === undefined || verdict.action !== undefined) return verdict;
  const requeueAfter = Math.min(verdict.requeueAfter ?? Infinity, Math.max(notAfter - now, 0) + 1);
  return { ...verdict, requeueAfter };
}
