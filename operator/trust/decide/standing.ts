import { annotations, type Frozen, type TrustStatus } from '../../api/index.ts';
import {
  CanonicalError,
  digestOf,
  isDigest,
  parseTime,
  printable,
  rfc3339,
  type Digest,
  type Members,
} from '../../canonical/index.ts';
import { votesProof, type RecordEntry } from '../../records/index.ts';
import type { CountResult } from '../../votes/index.ts';
import { changesOf, renderTrustStatements, StatementError, type StatementTexts } from '../../votes/statement/index.ts';
import { keyringSpec, sameContent, sealedContent } from './content.ts';
import { countChange, locksOut, quorumsFor, revokesOnly } from './quorum.ts';
import { keyOf, keyText, rootOf, type Accepted, type SealedKey, type TrustWorld } from './world.ts';

/** Milliseconds for which a text can be signed. */
const LIFETIME = 7 * 86_400_000;

/** A change that people are asked about. */
export interface Proposal {
  readonly version: number;
  /** Undefined: the object would be removed. */
  readonly digest: Digest | undefined;
  readonly content: Members | undefined;
  readonly statements: StatementTexts;
  readonly notAfter: string;
  readonly revokes: boolean;
}

/** Where an object stands: what of it counts, and what becomes of the rest. */
export interface Standing {
  /** The version that counts; undefined: none does. */
  readonly accepted: Accepted | undefined;
  /** `Refused`: what stands here cannot be put before people. */
  readonly state: 'Accepted' | 'Waiting' | 'Refused';
  readonly message: string;
  readonly proposal?: Proposal | undefined;
  readonly count?: CountResult | undefined;
  /** What makes the proposal count. */
  readonly entry?: RecordEntry | undefined;
}

/** Where an object stands. A pure function of the world. */
export function standingOf(world: TrustWorld): Standing {
  const { state, terms, object } = world;
  const key = keyOf(object);
  const known = state.objects.get(keyText(key));
  const accepted = known?.content === undefined ? undefined : known;
  try {
    const content = isGivenUp(world) ? undefined : sealedContent(object);
    if (accepted?.content !== undefined && content !== undefined && sameContent(key.kind, accepted.content, content))
      return {
        accepted,
        state: 'Accepted',
        message: `version ${accepted.version} counts, as record ${accepted.record} has it`,
      };
    const counts = accepted === undefined ? 'nothing of it counts' : `version ${accepted.version} goes on to count`;
    const refused = (why: string): Standing => ({
      accepted,
      state: 'Refused',
      message: `${why}; until then ${counts}`,
    });
    if (state.fault !== undefined)
      return refused(`the chain of what was signed does not hold, and nothing is added to it: ${state.fault}`);
    if (content === undefined && accepted === undefined)
      return refused('it was not signed and is about to be removed: nobody has to sign that');
    const root = rootOf(state, terms.keyring);
    if (root === undefined) return pinned(world, key, content, refused);
    return proposed(world, { key, content, known, accepted, root, counts, refused });
  } catch (error) {
    if (!(error instanceof StatementError) && !(error instanceof CanonicalError)) throw error;
    const counts = accepted === undefined ? 'nothing of it counts' : `version ${accepted.version} goes on to count`;
    return {
      accepted,
      state: 'Refused',
      message: `it cannot be put before people: ${printable(error.message, 500)}; ${counts}`,
    };
  }
}

/** The annotation by which a person says that this very object goes. */
function isGivenUp({ object: { metadata } }: TrustWorld): boolean {
  return metadata.annotations?.[annotations.unprotect] === metadata.name;
}

/** Nothing was accepted yet: the keyring is taken whose digest the installation names, and nothing else. */
function pinned(
  { terms, now }: TrustWorld,
  key: SealedKey,
  content: Members | undefined,
  refused: (why: string) => Standing,
): Standing {
  const isRoot = key.kind === 'ApproverKeyring' && key.name === terms.keyring;
  if (!isRoot || content === undefined)
    return refused(`ApproverKeyring ${terms.keyring} is not accepted yet, and its people sign everything else`);
  const digest = digestOf(content);
  if (digest !== terms.digest)
    return refused(
      `its digest is ${digest} and the installation pins ${terms.digest}: apply the keyring that was pinned`,
    );
  const trust = { ...key, version: 1, digest, pinned: true };
  return {
    accepted: undefined,
    state: 'Waiting',
    message: 'it is the keyring that was pinned, and is accepted next',
    entry: {
      type: 'Trust',
      time: rfc3339(now),
      trust,
      accepted: { ...content },
      message: 'pinned at installation, signed by nobody',
    },
  };
}

interface Asking {
  readonly key: SealedKey;
  readonly content: Members | undefined;
  readonly known: Accepted | undefined;
  readonly accepted: Accepted | undefined;
  readonly root: Accepted;
  readonly counts: string;
  readonly refused: (why: string) => Standing;
}

function proposed(world: TrustWorld, { key, content, known, accepted, root, counts, refused }: Asking): Standing {
  const { terms, object } = world;
  // As the record will say it: what counts now has to count whenever the chain is walked.
  const now = Math.floor(world.now / 1000) * 1000;
  const people = root.content === undefined ? undefined : keyringSpec(root.content);
  if (people === undefined || !isDigest(root.digest))
    return refused(`the accepted ApproverKeyring ${terms.keyring} cannot be read by this version`);
  const isRoot = keyText(key) === keyText(root);
  if (isRoot && content === undefined) return refused('the keyring whose people sign everything is never removed');
  const revokes =
    key.kind === 'ApproverKeyring' &&
    accepted?.content !== undefined &&
    content !== undefined &&
    revokesOnly(accepted.content, content);
  const next = isRoot && content !== undefined ? keyringSpec(content) : undefined;
  const lockout = next === undefined || revokes ? undefined : locksOut(next, now);
  if (lockout !== undefined) return refused(lockout);
  const digest = content === undefined ? undefined : digestOf(content);
  const version = (known?.version ?? 0) + 1;
  const notAfter = endOf(object.status?.trust, { version, digest }, now);
  const from = isDigest(accepted?.digest) ? accepted.digest : undefined;
  const binding = {
    cluster: terms.cluster.uid,
    chain: terms.chain,
    change: { ...key, version, from: from ?? ('none' as const), to: digest ?? ('none' as const) },
    keyring: { name: root.name, version: root.version, digest: root.digest },
    notAfter,
  };
  const statements = renderTrustStatements({
    ...binding,
    clusterName: terms.cluster.name,
    changes: changesOf([
      { kind: key.kind, name: key.name, part: 'spec', current: accepted?.content, desired: content },
    ]),
    revokes,
    quorums: quorumsFor(people, revokes),
  });
  const asked = { now, notAfter, statements, root: people, revokes };
  const { count, enough } = countChange({ ...asked, annotations: object.metadata.annotations });
  const proposal: Proposal = { version, digest, content, statements, notAfter, revokes };
  const waits = count.missing[0] ?? (count.verdict === 'Rejected' ? 'somebody rejected it' : 'it is accepted next');
  const waiting: Standing = {
    accepted,
    state: 'Waiting',
    message: `${content === undefined ? 'its removal' : 'what stands here'} does not count yet: ${waits}; ${counts}`,
    proposal,
    count,
  };
  if (!enough) return waiting;
  const entry: RecordEntry = {
    type: 'Trust',
    time: rfc3339(now),
    trust: {
      ...key,
      version,
      ...(from === undefined ? {} : { from }),
      ...(digest === undefined ? {} : { digest }),
      notAfter,
    },
    ...(content === undefined ? {} : { accepted: { ...content } }),
    statements,
    ...votesProof(count, { name: root.name, spec: people }, root.digest),
  };
  return { ...waiting, entry };
}

/** The text that status shows stays the one that is signed, as long as it is about the same change and has time left. */
function endOf(
  shown: Frozen<TrustStatus> | undefined,
  { version, digest }: Pick<Proposal, 'version' | 'digest'>,
  now: number,
): string {
  const { pending } = shown ?? {};
  const end = parseTime(pending?.notAfter ?? '');
  const same = pending?.version === version && pending.digest === digest;
  return same && end > now && end <= now + LIFETIME && rfc3339(end) === pending.notAfter
    ? pending.notAfter
    : rfc3339(now + LIFETIME);
}
