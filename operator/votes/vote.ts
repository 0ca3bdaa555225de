import type { Decision, StatementTexts } from './statement/types.ts';
import { SignatureError } from './errors.ts';
import { parsePublicKey, type PublicKey } from './keys.ts';
import { parseSshsig, type Sshsig } from './sshsig.ts';
import type { SignatureReason } from './reasons.ts';
import { presenceProblem, signatureMatches, type Requirements } from './verify.ts';

export interface Refused<Reason extends string = SignatureReason> {
  readonly ok: false;
  readonly reason: Reason;
  /** A sentence for a person. Holds nothing of the input. */
  readonly message: string;
}

export interface VoteInput {
  /** The annotation's value: what ssh-keygen wrote into s.json.sig. */
  readonly armor: string;
  /** The texts of the round, rebuilt by the verifier. */
  readonly statements: StatementTexts;
  /** The enrolled key: a parsed one, or the line of its .pub file. */
  readonly key: PublicKey | string;
  readonly requirements?: Requirements | undefined;
}

export type VoteVerdict = { readonly ok: true; readonly decision: Decision } | Refused;

/**
 * Says whether an armored SSHSIG is this key's approve or reject over the statements of a round (security: "SSHSIG
 * verification"). Never throws, whatever the armor holds: it comes from anybody who may annotate.
 */
export function verifyVote({ armor, statements, key, requirements = {} }: VoteInput): VoteVerdict {
  return guarded<VoteVerdict>(() => {
    const enrolled = typeof key === 'string' ? enrolledKey(key) : key;
    const sshsig = parseSshsig(armor);
    const decision = decisionOf(sshsig, enrolled, statements);
    if (decision === undefined)
      throw new SignatureError(
        'WrongStatement',
        'it signs another text than the statements of this round: fetch the statement anew and sign that file as it is',
      );
    const problem = presenceProblem(sshsig, requirements);
    return problem === undefined ? { ok: true, decision } : { ok: false, ...problem };
  });
}

/** The decision whose text the key signed, or undefined. */
export function decisionOf(
  sshsig: Sshsig,
  key: PublicKey,
  statements: Readonly<Record<Decision, string | Uint8Array>>,
): Decision | undefined {
  // Two texts that cannot be told apart decide nothing, nor does an empty one.
  if (statements.approve === statements.reject || statements.approve.length === 0 || statements.reject.length === 0)
    return undefined;
  if (signatureMatches(sshsig, key, statements.approve)) return 'approve';
  return signatureMatches(sshsig, key, statements.reject) ? 'reject' : undefined;
}

/** Runs a reader of hostile input; every failure becomes a refusal. */
export function guarded<T>(read: () => T): T | Refused {
  try {
    return read();
  } catch (error) {
    if (error instanceof SignatureError) return { ok: false, reason: error.code, message: error.message };
    // What OpenSSL refuses by throwing: no signature of any key.
    return {
      ok: false,
      reason: 'BadEncoding',
      message: 'the signature cannot be read: sign again with ssh-keygen -Y sign',
    };
  }
}

function enrolledKey(line: string): PublicKey {
  const parsed = parsePublicKey(line);
  if (parsed.ok) return parsed.key;
  throw new SignatureError(parsed.reason, parsed.message);
}
