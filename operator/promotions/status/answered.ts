import type { Action, Decision, Verdict, World } from '../decide/index.ts';

/** A decision that could not be carried out, with what the API server answered; it is tried again. */
export function answered(world: World, decision: Decision, words: string): Decision {
  const { action, ...tried } = decision.verdict;
  const answer = `the API server answered: ${words}`;
  const { phase, said } = isUnrecorded(action)
    ? { phase: recordedPhase(world), said: `it is so once it is recorded: ${tried.message}` }
    : { phase: tried.phase, said: tried.message };
  const message = `${said}; ${answer}`;
  return {
    ...decision,
    verdict: { ...tried, phase, message, why: [message], rollout: withAnswer(tried.rollout, action, answer) },
  };
}

/** An end, or an approval: only a record makes it one. */
function isUnrecorded(action: Action | undefined): boolean {
  return action?.do === 'Append' && action.entry.outcome !== undefined;
}

/** How far the records say that it is, and on its way. */
function recordedPhase({ stage, history }: World): Verdict['phase'] {
  if (stage === 'RollingOut') return 'RollingOut';
  return history.approved === undefined ? 'Pending' : 'Approved';
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
