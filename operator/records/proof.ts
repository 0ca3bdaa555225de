import type { ApproverKeyring } from '../api/index.ts';
import { allowedSigners, parsePublicKey, type CountResult } from '../votes/index.ts';
import type { RecordEntry } from './types.ts';

/** A keyring as it counts. */
export interface ProvingKeyring {
  readonly name: string;
  readonly spec: ApproverKeyring['spec'];
}

/**
 * What proves offline who decided: the votes that counted, and the enrolments of the keys that gave them, also as a file
 * for `ssh-keygen -Y verify`.
 */
export function votesProof(
  count: CountResult,
  keyring: ProvingKeyring,
  digest: string | undefined,
): Required<Pick<RecordEntry, 'votes' | 'allowedSigners' | 'keyring'>> {
  const votes = count.votes.flatMap(({ valid, principal, decision, keyFingerprint, firstSeen, armor }) =>
    valid && principal !== undefined && decision !== undefined && keyFingerprint !== undefined
      ? [{ principal, decision, keyFingerprint, firstSeen, armor }]
      : [],
  );
  const used = new Set(votes.map(({ keyFingerprint }) => keyFingerprint));
  const isUsed = (line: string): boolean => {
    const parsed = parsePublicKey(line);
    return parsed.ok && used.has(parsed.key.fingerprint);
  };
  const principals = keyring.spec.principals
    .map((principal) => ({ ...principal, keys: principal.keys.filter(({ publicKey }) => isUsed(publicKey)) }))
    .filter(({ keys }) => keys.length > 0);
  return {
    votes,
    allowedSigners: allowedSigners({ principals }),
    keyring: {
      name: keyring.name,
      ...(digest === undefined ? {} : { digest }),
      entries: principals.flatMap(({ name, groups, kubernetesUsers, keys }) =>
        keys.map(({ publicKey, notBefore, notAfter, revokedAt, requireTouch }) => ({
          principal: name,
          groups,
          kubernetesUsers,
          publicKey,
          notBefore,
          notAfter,
          revokedAt,
          requireTouch,
        })),
      ),
    },
  };
}
