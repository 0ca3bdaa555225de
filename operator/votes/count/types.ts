import type { VoteReason } from '../terms/reasons.ts';
import type { KeyringSpec } from '../keyring/types.ts';
import type { QuorumEntry, StatementTexts } from '../statement/types.ts';
import type { Decision } from '../terms/names.ts';

/** ApprovalPolicy.spec, as far as votes need it. */
export interface VotePolicy {
  readonly quorum?: readonly QuorumEntry[] | undefined;
  /** `requester` defaults to true. */
  readonly separation?:
    { readonly requester?: boolean | undefined; readonly authors?: boolean | undefined } | undefined;
  readonly requireTouch?: boolean | undefined;
  readonly requireUserVerification?: boolean | undefined;
  /** `Allow` when it is left out. */
  readonly notExercised?: 'Allow' | 'Deny' | undefined;
}

/** A vote that status already holds. Only `armor` and `firstSeen` are read; the rest is worked out anew. */
export interface SeenVote {
  readonly armor: string;
  readonly firstSeen: string;
}

export interface CountInput {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly round: { readonly nonce: string; readonly notAfter: string; readonly statements: StatementTexts };
  /** Rounds of this Promotion that were closed, to tell a stale vote from a wrong one. */
  readonly earlierRounds?: readonly { readonly nonce: string; readonly statements: StatementTexts }[] | undefined;
  readonly keyring: KeyringSpec;
  readonly policy: VotePolicy;
  /** The annotation twinlock.dev/requested-by. */
  readonly requestedBy: string;
  /** E-mail addresses of the authors of the promoted commits; undefined when nobody knows. */
  readonly authors?: readonly string[] | undefined;
  /** All annotations of the Promotion; those under vote.twinlock.dev/ are read. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly seen?: readonly SeenVote[] | undefined;
}

/** One vote as status shows it. */
export interface VoteOutcome {
  readonly principal?: string | undefined;
  readonly decision?: Decision | undefined;
  readonly keyFingerprint?: string | undefined;
  readonly valid: boolean;
  readonly reason: VoteReason;
  /** A sentence for a person: what is wrong and what to do. */
  readonly message: string;
  /** RFC 3339. */
  readonly firstSeen: string;
  readonly armor: string;
  /** The annotations that carry it now, without the prefix. */
  readonly carriedBy: readonly string[];
}

export interface QuorumState {
  readonly group?: string | undefined;
  readonly need: number;
  readonly have: number;
  readonly principals: readonly string[];
}

export interface CountResult {
  readonly verdict: 'Approved' | 'Rejected' | 'Waiting' | 'Expired';
  /** What decides first, then duplicates, then invalid ones; in each, votes seen before first, new ones by name. */
  readonly votes: readonly VoteOutcome[];
  readonly quorum: readonly QuorumState[];
  /** One line for each thing that is missing: who, and how many. Empty exactly when Approved or Rejected. */
  readonly missing: readonly string[];
  /** What a platform engineer should repair (a key that does not parse, a principal without kubernetesUsers). */
  readonly warnings: readonly string[];
}
