import { maxVotes, type Frozen, type PromotionStatus } from '../../api/index.ts';
import type { PromotionHistory } from '../../records/index.ts';
import { ballotsOf, VOTE_PREFIX, type Ballot, type CountResult, type VoteOutcome } from '../approvals/index.ts';

type StatusVote = NonNullable<NonNullable<PromotionStatus['approval']>['votes']>[number];
type Shown = Frozen<StatusVote>;

const NOT_COUNTED = 'votes are not counted in this phase: it is looked at when a round is open';

/** The votes of a count: what decides comes first, so that noise pushes nothing out. */
export function countedVotes({ votes }: CountResult): readonly StatusVote[] {
  return bounded(
    votes.map((vote) => ({ vote: shown(vote), carried: vote.carriedBy.length > 0, decides: decides(vote) })),
  );
}

export interface KnownVotesInput {
  /** Those that status has. */
  readonly shown: readonly Shown[];
  readonly history: Pick<PromotionHistory, 'approved' | 'ended'>;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly now: number;
}

/**
 * Where votes are not counted: those that status has, those of the record where a process ended before it wrote its
 * status, and whatever an annotation carries now, unread. Admission lets a vote be taken away once status has it, so that
 * nobody can fill up what an object may carry.
 */
export function knownVotes({ shown: before, history, annotations, now }: KnownVotesInput): readonly StatusVote[] {
  const recorded = [...(history.approved?.votes ?? []), ...(history.ended?.votes ?? [])]
    .filter(({ armor }) => !before.some((vote) => vote.armor === armor))
    .map((vote) => ({ ...vote, valid: true, reason: 'Counted' }));
  const known = [...before, ...recorded];
  const ballots = ballotsOf({ annotations, now });
  const carried = new Map(ballots.map((ballot) => [ballot.armor, ballot]));
  const unread = ballots.filter(({ armor }) => !known.some((vote) => vote.armor === armor)).map(unreadVote);
  return bounded(
    [...known, ...unread]
      // What was never looked at is noise as soon as nobody carries it.
      .filter(({ armor, reason }) => reason !== 'NotCounted' || carried.has(armor))
      .map((vote) => ({ vote: { ...vote }, carried: carried.has(vote.armor), decides: decides(vote) })),
  );
}

interface Ranked {
  readonly vote: StatusVote;
  readonly carried: boolean;
  readonly decides: boolean;
}

/** First what decides, then what is carried, since that can be taken away only while it is shown, then the rest. */
function bounded(votes: readonly Ranked[]): readonly StatusVote[] {
  const rank = ({ decides: first, carried }: Ranked): number => (first ? 0 : carried ? 1 : 2);
  return votes
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, maxVotes)
    .map(({ vote }) => vote);
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
    message: vote.message.slice(0, 1024),
    firstSeen: vote.firstSeen,
    armor: vote.armor,
  };
}

function carrier([annotation]: readonly string[]): Pick<StatusVote, 'annotation'> {
  return annotation === undefined ? {} : { annotation: `${VOTE_PREFIX}${annotation}`.slice(0, 317) };
}
