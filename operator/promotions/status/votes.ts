import { promotionBounds, type Frozen, type PromotionStatus } from '../../api/index.ts';
import { fittedText } from '../../kube/index.ts';
import type { PromotionHistory } from '../../records/index.ts';
import {
  ballotsOf,
  MAX_VOTES,
  VOTE_PREFIX,
  type Ballot,
  type CountResult,
  type VoteOutcome,
} from '../../votes/index.ts';

type StatusVote = NonNullable<NonNullable<PromotionStatus['approval']>['votes']>[number];
type Shown = Frozen<StatusVote>;

const NOT_COUNTED = 'votes are not counted in this phase: it is looked at when a round is open';

/** The votes of a count: what decides comes first, so that noise pushes nothing out. */
export function countedVotes({ votes }: CountResult): readonly StatusVote[] {
  return bounded(
    votes.map((vote) => ({
      vote: shown(vote),
      rank: rankOf({ decides: decides(vote), carried: vote.carriedBy.length > 0, stays: false }),
    })),
  );
}

export interface KnownVotesInput {
  /** Those that status has. */
  readonly shown: readonly Shown[];
  readonly history: Pick<PromotionHistory, 'round' | 'approved' | 'ended'>;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly now: number;
}

/**
 * Where votes are not counted: those that status has, those of the record where a process ended before it wrote its
 * status, and whatever an annotation carries now, unread. Admission lets a vote be taken away once status has it, so that
 * nobody can fill up what an object may carry. As long as a round may go on, what was taken away unread stays here until
 * it is counted, and nothing that comes later takes its place: else whoever removes an annotation would mute a vote.
 */
export function knownVotes({ shown: before, history, annotations, now }: KnownVotesInput): readonly StatusVote[] {
  const recorded = [...(history.approved?.votes ?? []), ...(history.ended?.votes ?? [])]
    .filter(({ armor }) => !before.some((vote) => vote.armor === armor))
    .map((vote) => ({ ...vote, valid: true, reason: 'Counted' }));
  const ballots = ballotsOf({ annotations, now });
  const carried = new Set(ballots.map(({ armor }) => armor));
  const known = [...before, ...recorded];
  const unread = ballots.filter(({ armor }) => !known.some((vote) => vote.armor === armor)).map(unreadVote);
  const goesOn = history.round !== undefined && history.ended === undefined;
  return bounded([
    ...known
      // Without a round there is nothing that it could have signed, and after the end nothing that it could change.
      .filter((vote) => goesOn || vote.reason !== 'NotCounted' || carried.has(vote.armor))
      .map((vote) => ({
        vote: { ...vote },
        rank: rankOf({ decides: decides(vote), carried: carried.has(vote.armor), stays: goesOn && mayCount(vote) }),
      })),
    ...unread.map((vote) => ({ vote, rank: rankOf({ decides: false, carried: true, stays: false }) })),
  ]);
}

interface Ranked {
  readonly vote: StatusVote;
  readonly rank: number;
}

interface Standing {
  readonly decides: boolean;
  /** Somebody carries it now: it can be taken away only while it is shown. */
  readonly carried: boolean;
  /** It may count when a count is made, carried or not. */
  readonly stays: boolean;
}

function rankOf({ decides: first, stays, carried }: Standing): number {
  return first ? 0 : stays ? 1 : carried ? 2 : 3;
}

/** What decides, what may decide, what is carried, the rest; in each as it came. */
function bounded(votes: readonly Ranked[]): readonly StatusVote[] {
  return votes
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, MAX_VOTES)
    .map(({ vote }) => vote);
}

/** A key signed it, or nobody has looked. */
function mayCount({ decision, reason }: Shown): boolean {
  return decision !== undefined || reason === 'NotCounted';
}

function decides({ valid, reason }: Pick<StatusVote, 'valid' | 'reason'>): boolean {
  return valid && reason !== 'Duplicate';
}

function unreadVote({ armor, firstSeen, carriedBy }: Ballot): StatusVote {
  return { ...carrier(carriedBy), valid: false, reason: 'NotCounted', message: NOT_COUNTED, firstSeen, armor };
}

function shown(vote: VoteOutcome): StatusVote {
  return {
    ...carrier(vote.carriedBy),
    ...(vote.principal === undefined ? {} : { principal: vote.principal }),
    ...(vote.decision === undefined ? {} : { decision: vote.decision }),
    ...(vote.keyFingerprint === undefined ? {} : { keyFingerprint: vote.keyFingerprint }),
    valid: vote.valid,
    reason: vote.reason,
    message: fittedText(vote.message, promotionBounds.message),
    firstSeen: vote.firstSeen,
    armor: vote.armor,
  };
}

function carrier([annotation]: readonly string[]): Pick<StatusVote, 'annotation'> {
  return annotation === undefined
    ? {}
    : { annotation: `${VOTE_PREFIX}${annotation}`.slice(0, promotionBounds.annotation) };
}
