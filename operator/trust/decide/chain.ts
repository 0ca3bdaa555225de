import { canonicalJSON, CanonicalError, digestOf, isDigest, parseTime, type Digest } from '../../canonical/index.ts';
import { chainFaults, nameOf, type RecordSpec } from '../../records/index.ts';
import { boundBy, trustBinding } from '../../votes/statement/index.ts';
import { keyringSpec } from './content.ts';
import { countChange, revokesOnly } from './quorum.ts';
import { keyText, rootOf, type Accepted, type TrustState } from './world.ts';

type Trust = NonNullable<RecordSpec['trust']>;

/**
 * What counts, worked out anew from the records: each version by the signatures that its record brings, under the keyring
 * that counted before it (the way that TUF clients walk a chain of roots). It ends at the first record that does not hold,
 * and what was found until then stands: an edit that nobody signed, or a record that nobody may have written, changes
 * nothing.
 *
 * @param records the chain in order of sequence
 * @param keyring name of the keyring that signs
 */
export function trustOf(records: readonly RecordSpec[], keyring: string): TrustState {
  const objects = new Map<string, Accepted>();
  const broken = firstFault(records);
  for (const record of records) {
    if (broken !== undefined && record.sequence >= broken.sequence) return { objects, fault: broken.message };
    if (record.type === 'Part') continue;
    const fault = faultOf(record, { objects, fault: undefined }, keyring);
    if (fault !== undefined || record.trust === undefined)
      return { objects, fault: `record ${nameOf(record)} ${fault ?? 'is no change'}` };
    const { kind, namespace, name, version, digest } = record.trust;
    const accepted = { kind, namespace, name, version, digest, content: record.accepted, record: nameOf(record) };
    objects.set(keyText(record.trust), accepted);
  }
  return { objects, fault: undefined };
}

function firstFault(
  records: readonly RecordSpec[],
): { readonly sequence: number; readonly message: string } | undefined {
  try {
    return chainFaults(records)[0];
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return { sequence: 0, message: `a record cannot be digested: ${error.message}` };
  }
}

/** Why a record does not follow from what counted before it. */
function faultOf(record: RecordSpec, state: TrustState, keyring: string): string | undefined {
  const { type, trust, accepted, time } = record;
  if (type !== 'Trust' || trust === undefined) return 'is of a type that is not of this chain';
  const before = state.objects.get(keyText(trust));
  if (trust.version !== (before?.version ?? 0) + 1) return `is not the version that follows: ${trust.version}`;
  if (trust.from !== before?.digest) return 'follows another version than the one before';
  if (trust.digest !== digestOfContent(accepted)) return 'names another content than it has';
  const isRoot = trust.kind === 'ApproverKeyring' && trust.name === keyring;
  if (isRoot && accepted === undefined) return 'removes the keyring that signs';
  if (state.objects.size === 0)
    return isRoot && trust.pinned === true ? undefined : 'is the first one and not the pinned keyring';
  if (trust.pinned === true) return 'is pinned, and not the first one';
  const root = rootOf(state, keyring);
  if (root === undefined || !(parseTime(time) <= parseTime(trust.notAfter ?? '')))
    return 'was accepted after its statement had ended';
  return isSigned(record, trust, root, before) ? undefined : 'is not signed by the people of the keyring before it';
}

function digestOfContent(content: RecordSpec['accepted']): string | undefined {
  return content === undefined ? undefined : digestOf(content);
}

/** What was signed is the text that the record has; what it holds for is compared, since words may change. */
function isSigned(record: RecordSpec, trust: Trust, root: Accepted, before: Accepted | undefined): boolean {
  const { statements, votes, accepted, target, time } = record;
  const spec = root.content === undefined ? undefined : keyringSpec(root.content);
  const { notAfter, kind, namespace, name, version } = trust;
  if (statements === undefined || notAfter === undefined || spec === undefined || !isDigest(root.digest)) return false;
  const change = { kind, namespace, name, version, from: digestOr(before?.digest), to: digestOr(trust.digest) };
  const bound = {
    cluster: target.uid,
    chain: target.name,
    change,
    keyring: { name: root.name, version: root.version, digest: root.digest },
    notAfter,
  };
  for (const decision of ['approve', 'reject'] as const)
    if (canonicalJSON(boundBy(statements[decision])) !== canonicalJSON(trustBinding(bound, decision))) return false;
  const revokes =
    kind === 'ApproverKeyring' &&
    before?.content !== undefined &&
    accepted !== undefined &&
    revokesOnly(before.content, accepted);
  return countChange({ now: parseTime(time), notAfter, statements, root: spec, revokes, seen: votes }).enough;
}

function digestOr(digest: string | undefined): Digest | 'none' {
  return isDigest(digest) ? digest : 'none';
}
