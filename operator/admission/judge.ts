import { systemNamespace } from '../api/index.ts';
import { evaluator } from './evaluate.ts';
import { asRunning, type LiveRules } from './live-pod.ts';
import { pods } from './pods.ts';
import { who } from './who.ts';

// Who made a pod is not judged here.
const { variables = [], validations } = pods(who(systemNamespace));
const [content] = validations;
if (content === undefined) throw new TypeError('the policy pods compares nothing');
const { expression: holds, difference = "'it differs'" } = content;
const evaluate = evaluator(variables, [holds, difference]);

/**
 * Compares a pod with approved contents by the very expressions of the policy `pods`, evaluated here: what admission lets
 * in, adoption takes over and the watch over running pods finds as approved is one table. Who made it is another question.
 * Where one template is meant, hand over its entry alone: the message is then about that one.
 *
 * @param pod as the API server stores it; ephemeral containers are compared like every other field
 * @param approved entries of a lock
 * @returns undefined when one of them is what the pod is, else what differs, e.g. `containers differ: web (image)`
 */
export function podDifference(pod: unknown, approved: readonly unknown[]): string | undefined {
  const value = evaluate({ object: pod, params: { spec: { approved } } });
  try {
    return value(holds) === true ? undefined : String(value(difference));
  } catch (error) {
    return `it cannot be compared: ${error instanceof Error ? error.message.split('\n', 1)[0] : 'unknown'}`;
  }
}

/**
 * The same for a pod that runs: what Kubernetes set after its creation is no difference (see `live-pod.ts`). A pod that is
 * being deleted runs too.
 *
 * @param rules `spec` of the lock: who else writes annotations, and whether ephemeral containers are let in
 * @returns undefined when the pod runs one of the approved contents, else what differs
 */
export function livePodDifference(
  pod: unknown,
  approved: readonly unknown[],
  rules: LiveRules = {},
): string | undefined {
  return podDifference(
    pod,
    approved.map((entry) => asRunning(entry, pod, rules)),
  );
}
