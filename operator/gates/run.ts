import {
  parseDuration,
  type ApprovalPolicy,
  type gateTypes,
  type PromotionStatus,
  type TwinEnvironment,
} from '../api/index.ts';
import { canonicalJSON, parseTime, printable, rfc3339 } from '../canonical/index.ts';
import type { Artifact } from './artifact.ts';
import { environmentGate, type GateOutcome } from './environment/judge.ts';

/** One gate as status and records show it. */
export type GateState = NonNullable<PromotionStatus['gates']>[number];

export interface GatesInput {
  readonly now: number;
  readonly policy: ApprovalPolicy['spec'];
  /** Names of gates that an emergency skips; Environment is never among them. */
  readonly skipped?: ReadonlySet<string> | undefined;
  readonly environment: TwinEnvironment | undefined;
  /** What runs in the environment now. */
  readonly running: { readonly artifacts: readonly Artifact[] } | { readonly message: string };
  /** What the last round promoted, and the gates that had passed for it; undefined before the first. */
  readonly latched: { readonly artifacts: readonly Artifact[]; readonly gates: readonly GateState[] } | undefined;
}

const IMPLICIT = { name: 'environment', type: 'Environment' } as const;

/**
 * Every gate that a promotion needs: the policy's, and Environment always. A result latches for the artifacts that it
 * saw until `evidenceMaxAge`, so that an environment that moves on or is deleted later changes nothing. A type that
 * nobody here knows fails.
 */
export function runGates(input: GatesInput): readonly GateState[] {
  // Windows are no evidence: they hold what is approved, and nobody is asked later for them.
  const gates = input.policy.gates.filter(
    ({ name, type }) => type === 'Environment' || (type !== 'Window' && input.skipped?.has(name) !== true),
  );
  const needed = gates.some(({ type }) => type === 'Environment') ? gates : [IMPLICIT, ...gates];
  return needed.map(({ name, type }) => latchedResult(input, name, type) ?? { name, type, ...run(input, type) });
}

/** When the oldest passed gate stops counting, in milliseconds since the epoch. */
export function gatesExpireAt(gates: readonly GateState[], policy: ApprovalPolicy['spec']): number {
  const finished = gates.flatMap(({ finishedAt }) => (finishedAt === undefined ? [] : [parseTime(finishedAt)]));
  return Math.min(...finished) + parseDuration(policy.evidenceMaxAge);
}

function latchedResult({ latched, now, policy }: GatesInput, name: string, type: string): GateState | undefined {
  const found = latched?.gates.find((gate) => gate.name === name && gate.type === type);
  if (found?.result !== 'Passed' || found.finishedAt === undefined) return undefined;
  return now - parseTime(found.finishedAt) < parseDuration(policy.evidenceMaxAge) ? found : undefined;
}

type Judge = (input: GatesInput) => GateOutcome;

/** The table: who judges, for each type that a policy can name. */
const judges = { Environment: environment } satisfies Record<Exclude<(typeof gateTypes)[number], 'Window'>, Judge>;
const judgeOf: ReadonlyMap<string, Judge> = new Map(Object.entries(judges));

function run(input: GatesInput, type: string): Omit<GateState, 'name' | 'type'> {
  const outcome = judgeOf.get(type)?.(input) ?? unknown(type);
  return outcome.result === 'Passed' ? { ...outcome, finishedAt: rfc3339(input.now) } : outcome;
}

function environment({ environment: object, running, latched }: GatesInput): GateOutcome {
  if (object === undefined) return environmentGate(undefined, []);
  if (!('artifacts' in running)) {
    const seen = environmentGate(object, []);
    // While it is not ready that is the reason; what it runs counts once it is.
    return seen.result === 'Passed' ? { result: 'Failed', summary: running.message } : seen;
  }
  if (latched !== undefined && canonicalJSON(latched.artifacts) !== canonicalJSON(running.artifacts))
    return {
      result: 'Failed',
      summary: 'the environment runs other images by now than this promotion asked votes for: create a new Promotion',
    };
  return environmentGate(object, running.artifacts);
}

function unknown(type: string): GateOutcome {
  return {
    result: 'Failed',
    summary: `this version knows no gate of type ${printable(type)}: remove it from the policy, or upgrade`,
  };
}
