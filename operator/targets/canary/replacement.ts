import { fieldManagers } from '../../api/index.ts';
import { isPolicyUnready, Pod, type Client } from '../../kube/index.ts';
import type { Approved } from '../../lock/index.ts';
import { isRefusal, wordsOf } from './answers.ts';
import { approvedPod } from './shape.ts';

const OPTIONS = { dryRun: true, fieldManager: fieldManagers.pods } as const;
/** A full quota refuses any pod: a rolling update waits for the old ones, and an evicted pod makes room for its own successor. */
const FULL = /exceeded quota: /;
/** The API server does not call a webhook with side effects for a dry run, and refuses instead. */
const UNASKED = /does not support dry run/;

/**
 * Would a pod that is evicted now come back? Asks with a dry run of a pod of each Current content, which passes whatever
 * mutates and refuses pods here: a mesh, an autoscaler, a webhook or a LimitRange that came after the content was approved
 * leaves nothing running at the next eviction.
 *
 * @returns the API server's words about the first that is refused; undefined when all would come back
 * @throws when the API server gives no answer
 */
export async function refusedReplacement(
  client: Pick<Client, 'create'>,
  namespace: string,
  approved: readonly Approved[],
): Promise<string | undefined> {
  for (const entry of approved.filter(({ role }) => role === 'Current')) {
    const pod = approvedPod(namespace, entry);
    if (pod === undefined) continue;
    try {
      await client.create(Pod, pod, OPTIONS);
    } catch (error) {
      if (isPolicyUnready(error) || !isRefusal(error)) throw error;
      if (error.status === 404 || error.reason === 'AlreadyExists' || FULL.test(error.message)) continue;
      return `${entry.kind}/${entry.name}: ${wordsOf(error)}`;
    }
  }
  return undefined;
}

/** One line for people: what {@link refusedReplacement} found, and what follows. */
export function replacementLine(refused: string): string {
  const follows = UNASKED.test(refused)
    ? 'whether a pod that is evicted now would come back cannot be seen'
    : 'a pod that is evicted now would not come back';
  return `a pod of ${refused}; ${follows} (docs/runbooks/pods-refused.md)`;
}
