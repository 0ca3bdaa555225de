import { parseTime, printable } from '../../canonical/index.ts';
import { ballotsOf } from './ballots.ts';
import { evaluate, type Evaluated, type ValidVote } from './evaluate.ts';
import { parseKeyring, type ParsedKeyring } from '../keyring/keyring.ts';
import { counts, isMet, missingVotes, quorumStates } from './quorum.ts';
import { separatesRequester } from './separation.ts';
import type { CountInput, CountResult, VoteOutcome } from './types.ts';

/** What is reported of votes that do not count; admission allows 32, an object holds only so much. */
const MAX_INVALID_REPORTED = 64;

/**
 * Counts the votes of a round (security: "Counting", 3 to 5): every armor, those of status too, is verified anew against
 * the rebuilt statements. One valid reject is final; the quorum counts distinct principals per group; an invalid vote
 * is reported and changes nothing else. An empty quorum or keyring approves nothing. Pure and total: never throws.
 */
export function countVotes(input: CountInput): CountResult {
  const keyring = parseKeyring(input.keyring);
  const evaluated = settle(
    ballotsOf(input).map((ballot) => evaluate(ballot, keyring, input)),
    input,
  );
  const valid = evaluated.filter((vote) => vote.valid);
  const approvers = valid.filter(({ decision }) => decision === 'approve').map(({ principal }) => principal);
  const quorum = quorumStates(input.policy.quorum ?? [], approvers);
  const missing = missingVotes(quorum, keyring, input);
  const verdict = verdictOf(valid, quorum.length > 0 && quorum.every(isMet), input);
  return {
    verdict,
    votes: reported(evaluated),
    quorum,
    missing:
      verdict === 'Waiting' ? missing : verdict === 'Expired' ? ['the round has ended: a new one must be opened'] : [],
    warnings: [...keyring.warnings, ...unnamedPrincipals(keyring, input)],
  };
}

function verdictOf(valid: readonly ValidVote[], met: boolean, { now, round }: CountInput): CountResult['verdict'] {
  // A person's no outlives the round; everything else ends with it, also when the clock or the time is no number.
  if (valid.some(({ decision }) => decision === 'reject')) return 'Rejected';
  if (!(now <= parseTime(round.notAfter))) return 'Expired';
  return met ? 'Approved' : 'Waiting';
}

/** Gives each valid vote its final reason: a second one of the same principal, or one that no group asks for. */
function settle(votes: readonly Evaluated[], { policy }: CountInput): readonly Evaluated[] {
  const heard = new Set<string>();
  return votes.map((vote) => {
    if (!vote.valid) return vote;
    const { principal, decision } = vote;
    const voice = `${decision} ${principal.name}`;
    if (heard.has(voice))
      return {
        ...vote,
        reason: 'Duplicate',
        message: `${printable(principal.name)} has said so before: one person counts once`,
      };
    heard.add(voice);
    if (decision === 'approve' && policy.quorum?.some((entry) => counts(entry, principal)) !== true)
      return {
        ...vote,
        reason: 'NoWeight',
        message: `${printable(principal.name)} is in none of the groups that the policy asks for`,
      };
    return vote;
  });
}

/**
 * What goes to status. A vote that an enrolled key signed stays, so that removing the annotation takes nothing back;
 * what nobody signed is shown as long as it is there. Both are bounded: of what is no longer carried, one per key,
 * decision and reason is enough, since a key can sign one text in endlessly many ways.
 */
function reported(votes: readonly Evaluated[]): readonly VoteOutcome[] {
  const known = new Set<string>();
  const kept = votes.filter(({ signed, ballot, keyFingerprint, decision, reason }) => {
    if (ballot.carriedBy.length > 0) return true;
    const kind = `${keyFingerprint} ${decision} ${reason}`;
    if (!signed || known.has(kind)) return false;
    known.add(kind);
    return true;
  });
  const noise = new Set(kept.filter(({ signed }) => !signed).slice(MAX_INVALID_REPORTED));
  return kept
    .filter((vote) => !noise.has(vote))
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ ballot, principal, decision, keyFingerprint, valid, reason, message }) => ({
      ...(principal === undefined ? {} : { principal: principal.name }),
      ...(decision === undefined ? {} : { decision }),
      ...(keyFingerprint === undefined ? {} : { keyFingerprint }),
      valid,
      reason,
      message,
      firstSeen: ballot.firstSeen,
      armor: ballot.armor,
      carriedBy: ballot.carriedBy,
    }));
}

/** What decides comes first, so that a list that is cut loses noise and nothing else. */
function rank({ valid, signed, reason }: Evaluated): number {
  if (valid) return reason === 'Duplicate' ? 1 : 0;
  return signed ? 2 : 3;
}

function unnamedPrincipals(keyring: ParsedKeyring, { policy }: CountInput): readonly string[] {
  if (!separatesRequester(policy)) return [];
  return keyring.principals
    .filter(({ kubernetesUsers = [] }) => kubernetesUsers.length === 0)
    .map(
      ({ name }) =>
        `principal ${printable(name)} has no kubernetesUsers: whether they requested a promotion is known by the name only`,
    );
}
