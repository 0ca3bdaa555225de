import type { ApproverKeyring } from '../../api/index.ts';
import type { RecordEntry, RecordSpec } from '../../records/index.ts';
import { allowedSigners, parsePublicKey, type CountResult } from '../../votes/index.ts';

interface KeyringOfProof {
  readonly name: string;
  readonly spec: ApproverKeyring['spec'];
}

/**
 * What proves a decision of people offline: the statements byte for byte, the votes that counted, and the enrolments of
 * the keys that gave them, also as a file for `ssh-keygen -Y verify`.
 */
export function proofOf(round: RecordSpec, count: CountResult, keyring: KeyringOfProof): Partial<RecordEntry> {
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
    ...(round.statements === undefined ? {} : { statements: round.statements }),
    ...(round.policy === undefined ? {} : { policy: round.policy }),
    ...(round.gates === undefined ? {} : { gates: round.gates }),
    votes,
    allowedSigners: allowedSigners({ principals }),
    keyring: {
      name: keyring.name,
      ...(round.keyring?.digest === undefined ? {} : { digest: round.keyring.digest }),
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
