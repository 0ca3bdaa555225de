import type { ApproverKeyring, Promotion } from '../../api/index.ts';
import { digestOf, escapeNonPrintable } from '../../canonical/index.ts';
import { allowedSigners, parsePublicKey, type CountResult } from '../approvals/index.ts';
import { nameOf, type Outcome, type RecordedChange, type RecordEntry, type RecordSpec } from '../records/index.ts';

/** RFC 3339 in UTC with whole seconds, as statements and records have it. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** How records name a promotion; the uid tells it from namesakes. */
export function promotionRef(
  { metadata, spec }: Promotion,
  requestedBy: string | undefined,
): NonNullable<RecordEntry['promotion']> {
  const shown = escapeNonPrintable(requestedBy ?? '')
    .trim()
    .slice(0, 253);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    specDigest: digestOf(spec),
    ...(shown === '' ? {} : { requestedBy: shown }),
    ...(spec.reason === undefined ? {} : { reason: spec.reason }),
  };
}

export interface OutcomeInput {
  readonly now: number;
  readonly promotion: NonNullable<RecordEntry['promotion']>;
  /** The round that was decided; undefined when none was opened. */
  readonly round: RecordSpec | undefined;
  readonly result: Outcome['result'];
  readonly reason: string;
  readonly message: string;
  readonly changes?: readonly RecordedChange[] | undefined;
}

/** An Outcome record. */
export function outcomeEntry(input: OutcomeInput): RecordEntry {
  const { now, promotion, round, result, reason, message, changes } = input;
  return {
    type: 'Outcome',
    time: rfc3339(now),
    promotion,
    ...(round?.round === undefined ? {} : { round: { ...round.round, record: nameOf(round) } }),
    outcome: { result, reason, message: message.slice(0, 2000), ...(changes === undefined ? {} : { changes }) },
  };
}

/**
 * What proves a decision of people offline: the statements byte for byte, the votes that counted, and the enrolments of
 * the keys that gave them, also as a file for `ssh-keygen -Y verify`.
 */
export function proofOf(round: RecordSpec, count: CountResult, keyring: ApproverKeyring): Partial<RecordEntry> {
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
      name: keyring.metadata.name,
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
