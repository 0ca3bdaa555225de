/** One vote of one person, through the door that the operator counts by. */
import {
  countVotes,
  VOTE_PREFIX,
  type CountInput,
  type CountResult,
  type VoteReason,
} from '../../operator/votes/index.ts';

export interface OneVote {
  readonly armor: string;
  readonly statements: { readonly approve: string; readonly reject: string };
  /** The line of the enrolled key. */
  readonly key: string;
  readonly policy?: CountInput['policy'];
}

/** In the middle of nowhere: before the end of the round, with no window of a key around it. */
const now = Date.parse('2026-11-21T12:00:00Z');

export function countOne({ armor, statements, key, policy }: OneVote): CountResult {
  return countVotes({
    now,
    round: { nonce: '0'.repeat(32), notAfter: '2026-11-21T18:00:00Z', statements },
    keyring: { principals: [{ name: 'alice', groups: ['approvers'], keys: [{ publicKey: key }] }] },
    policy: { quorum: [{ group: 'approvers', count: 1 }], ...policy },
    requestedBy: 'system:serviceaccount:ci:agent',
    annotations: { [`${VOTE_PREFIX}alice`]: armor },
  });
}

/** `approve` or `reject` where the vote counted and settled the round, else why it does not count. */
export function saidBy(vote: OneVote): 'approve' | 'reject' | VoteReason {
  const { verdict, votes } = countOne(vote);
  const [only] = votes;
  if (only === undefined || votes.length !== 1) throw new Error(`one vote was cast and ${votes.length} are told`);
  if (!only.valid) {
    if (verdict !== 'Waiting') throw new Error(`${verdict} by a vote that does not count: ${only.reason}`);
    return only.reason;
  }
  if (verdict !== (only.decision === 'approve' ? 'Approved' : 'Rejected'))
    throw new Error(`${only.decision} counted and the verdict is ${verdict}`);
  return only.decision ?? only.reason;
}
