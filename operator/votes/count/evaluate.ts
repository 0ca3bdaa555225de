import { parseTime, printable } from '../../canonical/index.ts';
import type { Decision } from '../terms/names.ts';
import type { Ballot } from './ballots.ts';
import { keyProblem, ownersOf, type Enrolment, type Enrolments, type ParsedKeyring } from '../keyring/keyring.ts';
import { fingerprintOf } from '../sshsig/keys.ts';
import { separationProblem } from './separation.ts';
import { parseSshsig, type Sshsig } from '../sshsig/sshsig.ts';
import type { VoteReason } from '../terms/reasons.ts';
import type { PrincipalSpec } from '../keyring/types.ts';
import type { CountInput } from './types.ts';
import { signedVariant } from './variants.ts';
import { decisionOf, guarded } from '../sshsig/decision.ts';
import { presenceProblem } from '../sshsig/verify.ts';

/** What one ballot says; `signed` is false for what no enrolled key signed. */
export type Evaluated = ValidVote | InvalidVote;

interface Judged {
  readonly ballot: Ballot;
  readonly signed: boolean;
  readonly reason: VoteReason;
  readonly message: string;
  readonly keyFingerprint?: string | undefined;
}

export interface ValidVote extends Judged {
  readonly valid: true;
  readonly principal: PrincipalSpec;
  readonly decision: Decision;
}

interface InvalidVote extends Judged {
  readonly valid: false;
  readonly principal?: PrincipalSpec | undefined;
  readonly decision?: Decision | undefined;
}

/** Rounds are few; a status that says otherwise must not cost a signature check each. */
const MAX_EARLIER_ROUNDS = 16;

/**
 * Judges one ballot alone (security: "Counting", 3): the enrolled key signed a text of this round, shows the presence
 * that is asked for, is in its window now and when the vote was first seen, is not revoked, and its principal is apart
 * from the requester and, by policy, from the authors. Never throws.
 */
export function evaluate(ballot: Ballot, keyring: ParsedKeyring, input: CountInput): Evaluated {
  if (ballot.unfit !== undefined)
    return refuse(ballot, {
      reason: ballot.unfit,
      message:
        ballot.hint ?? 'the annotation is no SSH signature: put the .sig file into it, as it is and nothing else',
    });
  const read = guarded(() => judge(ballot, keyring, input));
  if (!('ok' in read)) return read;
  // Only what is no armor has a hint.
  return refuse(ballot, { ...read, message: ballot.hint ?? read.message });
}

function judge(ballot: Ballot, keyring: ParsedKeyring, input: CountInput): Evaluated {
  const sshsig = parseSshsig(ballot.armor);
  const keyFingerprint = fingerprintOf(sshsig.publicKey);
  const entries = keyring.enrolments.get(keyFingerprint);
  if (entries === undefined) return refuse(ballot, notUsable(keyFingerprint, keyring), { keyFingerprint });
  const [first] = entries;
  const found = findText(sshsig, first, input);
  if (found === undefined) {
    const form = signedVariant(sshsig, first.key, input.round.statements);
    return refuse(
      ballot,
      {
        reason: 'WrongStatement',
        message:
          form === undefined
            ? 'it signs another text than the statements of this round: fetch the statement anew and sign that file as it is'
            : `it signs the statement ${form}: a program changed the file, fetch it anew with the command of status.why and sign that file as it is`,
      },
      { keyFingerprint },
    );
  }
  const known = { keyFingerprint, decision: found.decision, signed: true };
  if (ownersOf(entries).size > 1)
    return refuse(
      ballot,
      {
        reason: 'AmbiguousKey',
        message: `key ${keyFingerprint} is enrolled for several principals: it counts for none`,
      },
      known,
    );
  const { principal } = first;
  const whose = { ...known, principal };
  const problem = found.stale ?? problemOf(sshsig, entries, ballot, input);
  return problem === undefined
    ? {
        ballot,
        valid: true,
        reason: 'Counted',
        message: `${printable(principal.name)} ${found.decision === 'reject' ? 'rejected: this is final' : 'approved'}`,
        ...whose,
      }
    : refuse(ballot, problem, whose);
}

/** A key that stands in the keyring and counts for nothing is no stranger's: advice to enrol it would lead in circles. */
function notUsable(fingerprint: string, { unusable }: ParsedKeyring): Problem {
  const enrolled = unusable.get(fingerprint);
  return enrolled === undefined
    ? {
        reason: 'NotEnrolled',
        message: `key ${fingerprint} is not in the keyring: sign with an enrolled key, or have it enrolled`,
      }
    : {
        reason: enrolled.reason,
        message: `key ${fingerprint} of ${printable(enrolled.principal)} is in the keyring and cannot be used: ${enrolled.message}`,
      };
}

type Problem = Pick<Evaluated, 'reason' | 'message'>;

function findText(
  sshsig: Sshsig,
  { key }: Enrolment,
  { round, earlierRounds = [] }: CountInput,
): { readonly decision: Decision; readonly stale?: Problem } | undefined {
  const decision = decisionOf(sshsig, key, round.statements);
  if (decision !== undefined) return { decision };
  for (const { statements } of earlierRounds.slice(-MAX_EARLIER_ROUNDS)) {
    const old = decisionOf(sshsig, key, statements);
    // A no is to the promotion, whatever the next round puts differently; a yes is to one text.
    if (old === 'reject') return { decision: old };
    if (old !== undefined)
      return {
        decision: old,
        stale: {
          reason: 'StaleRound',
          message:
            'it is for an earlier round, what would be promoted has changed since: read the statement again and sign it',
        },
      };
  }
  return undefined;
}

function problemOf(sshsig: Sshsig, entries: Enrolments, ballot: Ballot, input: CountInput): Problem | undefined {
  const { now, policy } = input;
  const seen = parseTime(ballot.firstSeen);
  const window = keyProblem(entries, { now, firstSeen: Number.isNaN(seen) ? now : seen });
  if (window !== undefined) return window;
  const presence = presenceProblem(sshsig, {
    touch: policy.requireTouch === true || entries.some(({ spec }) => spec.requireTouch === true),
    userVerification: policy.requireUserVerification === true,
  });
  if (presence !== undefined) return presence;
  return separationProblem(entries[0].principal, input);
}

function refuse(ballot: Ballot, { reason, message }: Problem, known: Partial<InvalidVote> = {}): Evaluated {
  return { signed: false, ...known, ballot, valid: false, reason, message };
}
