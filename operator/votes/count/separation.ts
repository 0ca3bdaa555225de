import type { VoteReason } from '../terms/reasons.ts';
import type { PrincipalSpec } from '../keyring/types.ts';
import type { CountInput } from './types.ts';

/** What separation of duties looks at. */
export type Duties = Pick<CountInput, 'requestedBy' | 'authors' | 'policy'>;

/**
 * Why this principal may not vote on this promotion, or undefined (security: "Counting", 3). The requester is excluded
 * unless the policy says `separation.requester: false`; authors only with `separation.authors: true`, and then unknown
 * authors exclude everybody.
 */
export function separationProblem(
  principal: PrincipalSpec,
  { requestedBy, authors, policy }: Duties,
): { readonly reason: VoteReason; readonly message: string } | undefined {
  if (separatesRequester(policy)) {
    if (requestedBy === '')
      return { reason: 'RequesterUnknown', message: 'nobody knows who requested this promotion: create it again' };
    if ([principal.name, principal.kubernetesUsers].flat().some((user) => sameName(user, requestedBy)))
      return { reason: 'Requester', message: 'who requested a promotion may not vote on it: ask somebody else' };
  }
  if (policy.separation?.authors !== true) return undefined;
  if (authors === undefined)
    return {
      reason: 'AuthorsUnknown',
      message: 'the policy excludes authors and nobody knows who they are: connect the forge or sign the provenance',
    };
  if (authors.some((author) => [principal.name, principal.emails].flat().some((mail) => sameName(mail, author))))
    return { reason: 'Author', message: 'who wrote the promoted commits may not vote on them: ask somebody else' };
  return undefined;
}

/** On unless it is switched off in so many words. */
export function separatesRequester(policy: Duties['policy']): boolean {
  return policy.separation?.requester !== false;
}

/** Case counts for less here than elsewhere: to exclude one too many is the safe mistake. */
function sameName(a: string | undefined, b: string): boolean {
  return a?.trim().toLowerCase() === b.trim().toLowerCase();
}
