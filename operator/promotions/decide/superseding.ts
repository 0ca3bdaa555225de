import { annotations } from '../../api/index.ts';
import { historyOf, type RecordSpec } from '../../records/index.ts';
import { countVotes } from '../../votes/index.ts';
import type { Facts } from './facts.ts';
import { end } from './end.ts';
import { removedWorkloads } from './plan/index.ts';
import { removedBy } from './stage.ts';
import type { DecisionStep } from './steps.ts';
import type { DecidingWorld } from './world.ts';

const CAME_TO_NOTHING: readonly string[] = ['Rejected', 'Expired', 'Superseded'];

/**
 * A newer promotion of the same workloads whose round is open takes the place of one that still waits. Whom people have
 * begun to approve gives way to who asked for it only: else anybody who may ask could end any approval.
 */
export const superseded: DecisionStep = (world, facts) => {
  const promoted = 'artifacts' in facts.artifacts ? facts.artifacts.artifacts : (world.target?.spec.workloads ?? []);
  const ours = [...promoted, ...removedWorkloads(world.promotion.spec)];
  const newer = world.siblings.filter((sibling) => {
    if (sibling.spec.supersedes !== 'Older') return false;
    const { rounds, ended } = historyOf(world.records, sibling.metadata.uid ?? '');
    const [round] = rounds;
    // One that came to nothing takes nobody's place.
    if (ended?.outcome !== undefined && CAME_TO_NOTHING.includes(ended.outcome.result)) return false;
    if (round === undefined || !isNewer(sibling, round, world.promotion, world.history.rounds[0])) return false;
    const theirs = [...(round.artifacts ?? []), ...removedBy(round)];
    return theirs.some((a) => ours.some((b) => a.kind === b.kind && a.name === b.name));
  });
  if (newer.length === 0) return undefined;
  const byRequester = newer.find(
    ({ metadata }) =>
      facts.requestedBy !== undefined && metadata.annotations?.[annotations.requestedBy] === facts.requestedBy,
  );
  const taker = byRequester ?? (hasValidVote(world, facts) ? undefined : newer[0]);
  if (taker === undefined) return undefined;
  const message = `promotion ${taker.metadata.name} is newer and asks for votes`;
  return end(world, 'Superseded', 'Newer', message);
};

/** Of the round as it was opened; whether that still is what would be signed is asked later. */
function hasValidVote(world: DecidingWorld, { requestedBy }: Facts): boolean {
  const {
    keyring,
    policy,
    history: { round },
  } = world;
  if (round?.round === undefined || round.statements === undefined) return false;
  if (!('object' in keyring) || !('object' in policy)) return false;
  const { votes } = countVotes({
    now: world.now,
    round: { nonce: round.round.nonce, notAfter: round.round.notAfter, statements: round.statements },
    keyring: keyring.object.spec,
    policy: policy.object.spec,
    requestedBy: requestedBy ?? '',
    annotations: world.promotion.metadata.annotations,
    seen: world.promotion.status?.approval?.votes,
  });
  return votes.some(({ valid }) => valid);
}

/** Times of creation have whole seconds; within one, the later round belongs to the newer promotion. */
function isNewer(
  sibling: DecidingWorld['promotion'],
  theirs: RecordSpec,
  own: DecidingWorld['promotion'],
  ours: RecordSpec | undefined,
): boolean {
  const [a = '', b = ''] = [sibling.metadata.creationTimestamp, own.metadata.creationTimestamp];
  return a === b ? theirs.sequence > (ours?.sequence ?? Infinity) : a > b;
}
