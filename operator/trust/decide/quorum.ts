import type { ApproverKeyring } from '../../api/index.ts';
import type { Members } from '../../canonical/index.ts';
import { countVotes, reviewKeyring, type CountResult, type SeenVote } from '../../votes/index.ts';
import type { QuorumEntry, StatementTexts } from '../../votes/statement/index.ts';
import { keyringSpec, sameContent } from './content.ts';

type Keyring = ApproverKeyring['spec'];
type Key = Keyring['principals'][number]['keys'][number];

/** Whose signatures a change needs; without a list more than half of the people, whatever became of their keys. */
function changeQuorum({ changeQuorum: written, principals }: Keyring): readonly QuorumEntry[] {
  return written ?? [{ count: Math.floor(principals.length / 2) + 1 }];
}

/** Each of these is enough: for taking keys back, one signature of anybody who counts for a change. */
export function quorumsFor(root: Keyring, revokes: boolean): readonly (readonly QuorumEntry[])[] {
  const quorum = changeQuorum(root);
  return revokes ? quorum.map(({ group }) => [group === undefined ? { count: 1 } : { group, count: 1 }]) : [quorum];
}

export interface Asked {
  readonly now: number;
  readonly notAfter: string;
  readonly statements: StatementTexts;
  /** In the version that counts. */
  readonly root: Keyring;
  readonly revokes: boolean;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly seen?: readonly SeenVote[] | undefined;
}

/** A count, and whether it is enough. */
export interface Counted {
  readonly count: CountResult;
  readonly enough: boolean;
}

/** Counts the signatures of a change. A rejection keeps a change from counting, and never a key from being taken back: its holder would object. */
export function countChange({ now, notAfter, statements, root, revokes, annotations, seen }: Asked): Counted {
  const counts = quorumsFor(root, revokes).map((quorum): Counted => {
    const count = countVotes({
      now,
      round: { nonce: '', notAfter, statements },
      keyring: root,
      policy: { quorum, separation: { requester: false } },
      requestedBy: '',
      annotations,
      seen,
    });
    const met = count.quorum.every(({ need, have }) => have >= need);
    return { count, enough: count.verdict === 'Approved' || (revokes && met && count.verdict === 'Rejected') };
  });
  const [first] = counts;
  const found = counts.find(({ enough }) => enough) ?? first;
  if (found === undefined) throw new TypeError('a keyring asks for no signature at all');
  return found;
}

/** The second content differs from the first in keys that are taken back, and in nothing else. */
export function revokesOnly(from: Members, to: Members): boolean {
  const [before, after] = [keyringSpec(from), keyringSpec(to)];
  if (before === undefined || after === undefined) return false;
  let revoked = 0;
  const keysOf = (name: string): readonly Key[] => before.principals.find((each) => each.name === name)?.keys ?? [];
  const principals = after.principals.map((principal) => ({
    ...principal,
    keys: principal.keys.map((key) => {
      const old = keysOf(principal.name).find(({ publicKey }) => publicKey === key.publicKey);
      if (old === undefined || old.revokedAt !== undefined || key.revokedAt === undefined) return key;
      revoked += 1;
      const { revokedAt: _revokedAt, reason: _reason, ...rest } = key;
      return old.reason === undefined ? rest : { ...rest, reason: old.reason };
    }),
  }));
  return revoked > 0 && sameContent('ApproverKeyring', { ...before }, { ...after, principals });
}

/** Why nobody could change anything any more after this version of the keyring that signs; undefined when people could. */
export function locksOut(root: Keyring, now: number): string | undefined {
  const short = changeQuorum(root).find(({ group, count }) => {
    const asked = root.principals.filter(({ groups = [] }) => group === undefined || groups.includes(group));
    return reviewKeyring({ principals: asked }, now).voters < count;
  });
  if (short === undefined) return undefined;
  const who = short.group === undefined ? 'people' : `people of group ${short.group}`;
  return `its changeQuorum asks for ${short.count} ${who}, and fewer have a key that counts: nobody could change anything after it; enrol more keys or ask for fewer`;
}
