import type { Decision } from '../terms/names.ts';
import { SignatureError } from './errors.ts';
import type { PublicKey } from './keys.ts';
import type { Sshsig } from './sshsig.ts';
import type { SignatureReason } from '../terms/reasons.ts';
import { signatureMatches } from './verify.ts';

export interface Refused<Reason extends string = SignatureReason> {
  readonly ok: false;
  readonly reason: Reason;
  /** A sentence for a person. Holds nothing of the input. */
  readonly message: string;
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
