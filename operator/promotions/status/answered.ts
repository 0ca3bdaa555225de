import type { Action, Decision, Verdict } from '../decide/index.ts';

/** A decision that could not be carried out, with what the API server answered; it is tried again. */
export function answered(decision: Decision, words: string): Decision {
  const { action, ...tried } = decision.verdict;
  const answer = `the API server answered: ${words}`;
  const message = `${tried.message}; ${answer}`;
  return {
    ...decision,
    verdict: { ...tried, message, why: [message], rollout: withAnswer(tried.rollout, action, answer) },
  };
}

/** The answer stands beside the workload that it is about; the others have come as far as they have. */
function withAnswer(rollout: Verdict['rollout'], action: Action | undefined, answer: string): Verdict['rollout'] {
  if (rollout === undefined || action === undefined || !('workload' in action)) return rollout;
  const { kind, name } = action.workload;
  const workloads = rollout.workloads.map((workload) =>
    workload.kind === kind && workload.name === name ? { ...workload, message: answer } : workload,
  );
  return { ...rollout, workloads };
}
