import { printable } from '../../canonical/index.ts';
import type { QuorumEntry } from '../statement/types.ts';
import { keyProblem, ownersOf, type ParsedKeyring } from '../keyring/keyring.ts';
import { separationProblem } from './separation.ts';
import type { PrincipalSpec } from '../keyring/types.ts';
import type { CountInput, QuorumState } from './types.ts';

/** More names than this help nobody. */
const MAX_NAMES = 8;

/** True when a vote of this principal counts for this entry; an entry without `group` takes anybody. */
export function counts({ group }: QuorumEntry, principal: PrincipalSpec): boolean {
  return group === undefined || principal.groups?.includes(group) === true;
}

/**
 * How far each entry of the quorum is: distinct principals, never signatures. One person in two groups counts in both,
 * as the entries are conditions, not seats.
 */
export function quorumStates(
  quorum: readonly QuorumEntry[],
  approvers: readonly PrincipalSpec[],
): readonly QuorumState[] {
  return quorum.map((entry) => {
    const principals = [...new Set(approvers.filter((approver) => counts(entry, approver)).map(({ name }) => name))];
    const { group, count: need } = entry;
    return { ...(group === undefined ? {} : { group }), need, have: principals.length, principals };
  });
}

/** An entry that asks for no positive whole number of votes is never met: deny is the default. */
export function isMet({ need, have }: QuorumState): boolean {
  return Number.isSafeInteger(need) && need >= 1 && have >= need;
}

/** One line for each entry that is not met: how many, and who can. */
export function missingVotes(
  states: readonly QuorumState[],
  keyring: ParsedKeyring,
  input: CountInput,
): readonly string[] {
  if (states.length === 0) return ['the policy has no quorum, so no vote can be enough: write spec.quorum'];
  return states.filter((state) => !isMet(state)).map((state) => missingFor(state, keyring, input));
}

function missingFor({ group, need, have, principals }: QuorumState, keyring: ParsedKeyring, input: CountInput): string {
  const from = group === undefined ? 'of any principal' : `of group ${printable(group)}`;
  if (!Number.isSafeInteger(need) || need < 1)
    return `votes ${from}: the policy asks for ${printable(String(need))}, write a count of at least 1`;
  const candidates = keyring.principals
    .filter((principal) => counts({ group, count: need }, principal) && !principals.includes(principal.name))
    .filter((principal) => canVote(principal, keyring, input))
    .map(({ name }) => printable(name));
  const lacking = need - have;
  const who = candidates.length === 0 ? 'nobody else can' : `can vote: ${listed(candidates)}`;
  const hint = candidates.length < lacking ? '; add principals or keys to the keyring' : '';
  return `${lacking} more ${lacking === 1 ? 'vote' : 'votes'} ${from} (${have} of ${need}); ${who}${hint}`;
}

/** Has a key that would count now. */
function canVote(principal: PrincipalSpec, keyring: ParsedKeyring, input: CountInput): boolean {
  if (separationProblem(principal, input) !== undefined) return false;
  const needsSecurityKey = input.policy.requireTouch === true || input.policy.requireUserVerification === true;
  return [...keyring.enrolments.values()].some(
    (entries) =>
      entries[0].principal === principal &&
      ownersOf(entries).size === 1 &&
      keyProblem(entries, { now: input.now, firstSeen: input.now }) === undefined &&
      (entries[0].key.application !== undefined ||
        !(needsSecurityKey || entries.some(({ spec }) => spec.requireTouch === true))),
  );
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(', ');
  return names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more` : shown;
}
