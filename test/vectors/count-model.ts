/**
 * What counting votes has to come to, said a second time and as plainly as it can be, for votes of which the test knows
 * who made them: no cryptography, no texts, no bounds. It shares nothing with the operator but the types.
 */
import type { CountInput, CountResult, KeySpec, PrincipalSpec, VoteReason } from '../../operator/votes/index.ts';

/** A vote whose maker is known. `of` is what was signed. */
export interface KnownVote {
  readonly armor: string;
  /** The line of the key that signed, or undefined for what is no signature. */
  readonly key: string | undefined;
  readonly of: 'approve' | 'reject' | 'earlier approve' | 'earlier reject' | 'something else';
  /** What a security key shows; undefined for keys in software. */
  readonly shows: { readonly touch: boolean; readonly verified: boolean } | undefined;
}

export interface Expected {
  readonly verdict: CountResult['verdict'];
  /** By armor. */
  readonly votes: ReadonlyMap<string, { readonly reason: VoteReason; readonly principal: string | undefined }>;
  /** Names of who is counted, for each entry of the quorum. */
  readonly quorum: readonly (readonly string[])[];
}

interface Judged {
  readonly reason: VoteReason;
  readonly principal?: PrincipalSpec | undefined;
  readonly rejects?: boolean;
}

export function expectedOf(input: CountInput, known: readonly KnownVote[]): Expected {
  const votes = new Map<string, { reason: VoteReason; principal: string | undefined }>();
  const approved: PrincipalSpec[] = [];
  const rejected: PrincipalSpec[] = [];
  for (const { armor, firstSeen } of ballots(input)) {
    const vote = known.find((each) => each.armor === armor);
    if (vote === undefined) throw new Error('nobody knows this vote');
    const { reason, principal, rejects = false } = judged(vote, firstSeen, input);
    votes.set(armor, { reason, principal: principal?.name });
    if (reason !== 'Counted' || principal === undefined) continue;
    const before = rejects ? rejected : approved;
    if (before.includes(principal)) votes.set(armor, { reason: 'Duplicate', principal: principal.name });
    else if (!rejects && !(input.policy.quorum ?? []).some(({ group }) => isIn(principal, group)))
      votes.set(armor, { reason: 'NoWeight', principal: principal.name });
    before.push(principal);
  }
  const quorum = (input.policy.quorum ?? []).map(({ group }) => [
    ...new Set(approved.filter((each) => isIn(each, group)).map(({ name }) => name)),
  ]);
  const met = quorum.map((names, index) => {
    const need = input.policy.quorum?.[index]?.count ?? 0;
    return need > 0 && names.length >= need;
  });
  const isOver = input.now > Date.parse(input.round.notAfter);
  const isApproved = met.length > 0 && !met.includes(false);
  const verdict = rejected.length > 0 ? 'Rejected' : isOver ? 'Expired' : isApproved ? 'Approved' : 'Waiting';
  return { verdict, votes, quorum };
}

function isIn({ groups = [] }: PrincipalSpec, group: string | undefined): boolean {
  return group === undefined || groups.includes(group);
}

/** Each armor once, with when it was seen first. */
function ballots({ seen = [], annotations = {}, now }: CountInput): readonly { armor: string; firstSeen: number }[] {
  const all = [
    ...seen.map(({ armor, firstSeen }) => ({ armor, firstSeen: Date.parse(firstSeen) })),
    ...Object.keys(annotations)
      .toSorted()
      .map((name) => ({ armor: annotations[name] ?? '', firstSeen: now })),
  ];
  return all.filter(({ armor }, index) => all.findIndex((each) => each.armor === armor) === index);
}

function judged(vote: KnownVote, firstSeen: number, input: CountInput): Judged {
  if (vote.key === undefined) return { reason: 'BadArmor' };
  const principals = input.keyring.principals ?? [];
  const isTwice = ({ name }: PrincipalSpec): boolean => principals.filter((each) => each.name === name).length > 1;
  const having = principals.filter(({ keys = [] }) => keys.some(({ publicKey }) => publicKey === vote.key));
  const owners = having.filter((each) => !isTwice(each));
  const [principal] = owners;
  if (principal === undefined) return { reason: having.length > 0 ? 'AmbiguousKey' : 'NotEnrolled' };
  if (vote.of === 'something else') return { reason: 'WrongStatement' };
  if (owners.length > 1) return { reason: 'AmbiguousKey' };
  if (vote.of === 'earlier approve') return { reason: 'StaleRound', principal };
  const keys = (principal.keys ?? []).filter(({ publicKey }) => publicKey === vote.key);
  const why =
    keys.map((key) => windowReason(key, input.now, firstSeen)).find((reason) => reason !== undefined) ??
    presenceReason(vote, keys, input) ??
    separationReason(principal, input);
  return { reason: why ?? 'Counted', principal, rejects: vote.of !== 'approve' };
}

function windowReason(key: KeySpec, now: number, firstSeen: number): VoteReason | undefined {
  if (key.revokedAt !== undefined && now >= Date.parse(key.revokedAt)) return 'KeyRevoked';
  const moments = [now, firstSeen];
  if (key.notBefore !== undefined && moments.some((moment) => moment < Date.parse(key.notBefore ?? '')))
    return 'KeyNotYetValid';
  if (key.notAfter !== undefined && moments.some((moment) => moment > Date.parse(key.notAfter ?? '')))
    return 'KeyExpired';
  return undefined;
}

function presenceReason(
  { shows }: KnownVote,
  keys: readonly KeySpec[],
  { policy }: CountInput,
): VoteReason | undefined {
  const touched = shows?.touch ?? !(policy.requireTouch === true || keys.some((key) => key.requireTouch === true));
  if (!touched) return 'TouchMissing';
  if (policy.requireUserVerification === true && shows?.verified !== true) return 'UserVerificationMissing';
  return undefined;
}

function separationReason(
  { name, kubernetesUsers = [], emails = [] }: PrincipalSpec,
  { policy, requestedBy, authors }: CountInput,
): VoteReason | undefined {
  const isOneOf = (names: readonly string[], other: string): boolean =>
    [name, ...names].map((each) => each.toLowerCase()).includes(other.toLowerCase());
  if (policy.separation?.requester !== false) {
    if (requestedBy === '') return 'RequesterUnknown';
    if (isOneOf(kubernetesUsers, requestedBy)) return 'Requester';
  }
  if (policy.separation?.authors === true) {
    if (authors === undefined) return 'AuthorsUnknown';
    if (authors.some((author) => isOneOf(emails, author))) return 'Author';
  }
  return undefined;
}
