import { renderPolicies } from '../../admission/index.ts';
import { printable } from '../../canonical/index.ts';
import { ApiError } from '../../kube/index.ts';

/** Who answered a forbidden change. */
export type Answer =
  /** A policy of the lock refused it. */
  | { readonly by: 'Lock' }
  /** Another rule refused it first, or a webhook failed: the lock was not asked, or not heard. */
  | { readonly by: 'Other'; readonly message: string }
  /** It was let through. */
  | { readonly by: 'Nobody' }
  /** There is nothing to change, or the change was taken out again on its way: it says nothing. */
  | { readonly by: 'Absent' };

/** Characters of the server's words that are repeated. */
const MAX_WORDS = 400;
const OURS: ReadonlySet<string> = new Set(
  renderPolicies({ systemNamespace: 'any', mutating: true })
    .filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
    .map(({ metadata: { name } }) => name),
);

/**
 * Sends a forbidden change and says who answered.
 *
 * @param carries whether the answer to a change that was let through still has what is forbidden
 * @throws what says nothing about rules: no connection, an overloaded or starting server
 */
export async function answerTo<T>(act: () => Promise<T>, carries: (answer: T) => boolean): Promise<Answer> {
  let answer: T;
  try {
    answer = await act();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (error.status === 404) return { by: 'Absent' };
    return OURS.has(policyOf(error) ?? '') ? { by: 'Lock' } : { by: 'Other', message: wordsOf(error) };
  }
  return { by: carries(answer) ? 'Nobody' : 'Absent' };
}

/** A no that stays one until somebody changes a rule; a webhook that cannot be called is one too, though a 500. */
export function isRefusal(error: unknown): error is ApiError {
  if (!(error instanceof ApiError) || error.status === 429 || error.reason === 'Conflict') return false;
  return error.status < 500 || error.message.includes('failed calling webhook');
}

/** What the server said, without the request; one line that is safe to show. */
export function wordsOf(error: ApiError): string {
  const words = error.message.replace(/^[A-Z]+ \S+ answered \d+(?: \w+)?: /, '');
  return printable(words.replaceAll(/\s+/g, ' '), MAX_WORDS);
}

/** The API server names the policy before it repeats anything that a user or a policy's author wrote. */
function policyOf({ message }: ApiError): string | undefined {
  return /ValidatingAdmissionPolicy '([^']+)'/.exec(message)?.[1];
}
