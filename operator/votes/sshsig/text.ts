import { guarded } from './decision.ts';
import type { PublicKey } from './keys.ts';
import { parseSshsig } from './sshsig.ts';
import { presenceProblem, signatureMatches } from './verify.ts';

/**
 * Whether a key signed a text for a purpose, as `ssh-keygen -Y sign -n <namespace>` does; a security key must have been
 * touched. False for whatever is no such signature. Never throws.
 */
export function signsText(armor: string, key: PublicKey, namespace: string, text: string): boolean {
  const answer = guarded(() => {
    const sshsig = parseSshsig(armor.trimEnd(), namespace);
    return signatureMatches(sshsig, key, text) && presenceProblem(sshsig, {}) === undefined;
  });
  return answer === true;
}
