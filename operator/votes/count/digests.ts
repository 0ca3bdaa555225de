import { digestOf, sortedBy, type Digest } from '../../canonical/index.ts';
import { ownersOf, parseKeyring } from '../keyring/keyring.ts';
import { counts } from './quorum.ts';
import { separatesRequester } from './separation.ts';
import type { KeyringSpec } from '../keyring/types.ts';
import type { VotePolicy } from './types.ts';

/**
 * Digest of the parts of a policy that a round is held under: the gates that are required (the policy's list as JSON,
 * its order has no meaning), the quorum, separation, presence and what becomes of what the environment did not run with. No times and durations: they bind through the round's
 * notAfter (security: "Rounds").
 *
 * @throws CanonicalError when a gate has no canonical form.
 */
export function policyDigest(policy: VotePolicy, gates: readonly unknown[]): Digest {
  return digestOf({
    gates: gates.map((gate) => digestOf(gate)).toSorted(),
    quorum: (policy.quorum ?? []).map((entry) => digestOf(entry)).toSorted(),
    separation: { requester: separatesRequester(policy), authors: policy.separation?.authors === true },
    requireTouch: policy.requireTouch === true,
    requireUserVerification: policy.requireUserVerification === true,
    // Left out otherwise: rounds under policies that were there before it stay open.
    ...(policy.notExercised === 'Deny' ? { notExercised: 'Deny' } : {}),
  });
}

/**
 * Digest of the principals who can count under this policy: names, the groups that it asks for, who they are in the
 * cluster and to the forge, and their keys. Validity and revocation are no part: they are looked at afresh at every
 * count, and revoking one key must not void the votes of others.
 *
 * @throws CanonicalError when a name has no canonical form.
 */
export function keyringDigest(keyring: KeyringSpec, policy: VotePolicy): Digest {
  const quorum = policy.quorum ?? [];
  const asked = new Set(quorum.map(({ group }) => group));
  const { principals, enrolments } = parseKeyring(keyring);
  const keys = [...enrolments.values()].filter((entries) => ownersOf(entries).size === 1);
  return digestOf(
    sortedBy(principals, ({ name }) => name)
      .filter((principal) => quorum.some((entry) => counts(entry, principal)))
      .map((principal) => ({
        name: principal.name,
        groups: sortedSet((principal.groups ?? []).filter((group) => asked.has(group))),
        kubernetesUsers: sortedSet(principal.kubernetesUsers ?? []),
        emails: policy.separation?.authors === true ? sortedSet(principal.emails ?? []) : [],
        keys: sortedBy(
          keys
            .filter(([first]) => first.principal === principal)
            .map((entries) => ({
              fingerprint: entries[0].key.fingerprint,
              requireTouch: entries.some(({ spec }) => spec.requireTouch === true),
            })),
          ({ fingerprint }) => fingerprint,
        ),
      })),
  );
}

function sortedSet(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}
