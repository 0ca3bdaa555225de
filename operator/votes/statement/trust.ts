import { isMembers, sortedBy, type Digest, type JSONValue } from '../../canonical/index.ts';
import { MAX_STATEMENT_BYTES, TRUST_PREDICATE_TYPE, type Decision } from '../terms/names.ts';
import { IN_TOTO_STATEMENT } from './build.ts';
import { MAX_CHANGES } from './check.ts';
import { StatementError } from './errors.ts';
import { renderText } from './render.ts';
import type { Change, QuorumEntry, StatementTexts } from './types.ts';

/** One version of a keyring, a policy or a target; a digest is `none` where it is new, or goes. */
export interface TrustChange {
  readonly kind: string;
  /** Left out: the kind has none. */
  readonly namespace?: string | undefined;
  readonly name: string;
  /** One more than the version that counts: no text of an earlier one fits again. */
  readonly version: number;
  readonly from: Digest | 'none';
  readonly to: Digest | 'none';
}

/** What a signature on a change holds for: these and no others. */
export interface TrustBinding {
  /** The uid of the namespace kube-system. */
  readonly cluster: string;
  /** The chain of records that the change becomes a part of. */
  readonly chain: string;
  readonly change: TrustChange;
  /** The keyring whose people are asked, in the version that counts. */
  readonly keyring: { readonly name: string; readonly version: number; readonly digest: Digest };
  /** RFC 3339 in UTC with seconds. */
  readonly notAfter: string;
}

export interface TrustStatementInput extends TrustBinding {
  readonly clusterName: string;
  /** The change in words. */
  readonly changes: readonly Change[];
  /** It takes keys back and does nothing else. */
  readonly revokes: boolean;
  /** One of these is enough. */
  readonly quorums: readonly (readonly QuorumEntry[])[];
}

/**
 * The two texts of a change (security: "Sealed trust"). Equal inputs give equal bytes.
 *
 * @throws StatementError when a person could not read it: more than 500 changes, more than 128 KiB
 * @throws CanonicalError for lone surrogates and numbers that are no safe integers
 */
export function renderTrustStatements(input: TrustStatementInput): StatementTexts {
  if (input.changes.length > MAX_CHANGES)
    throw new StatementError(
      'TooManyChanges',
      `${input.changes.length} changes are more than a person can read (${MAX_CHANGES}): change fewer things at once`,
    );
  return { approve: rendered(input, 'approve'), reject: rendered(input, 'reject') };
}

function rendered(input: TrustStatementInput, decision: Decision): string {
  const { change, changes, clusterName, revokes, quorums } = input;
  const digest = change.to === 'none' ? change.from : change.to;
  const text = renderText({
    _type: IN_TOTO_STATEMENT,
    predicateType: TRUST_PREDICATE_TYPE,
    subject: [{ name: `${change.kind}/${change.name}`, digest: { sha256: digest.slice('sha256:'.length) } }],
    predicate: {
      ...trustBinding(input, decision),
      clusterName,
      changes: sortedBy(changes, ({ path }) => path).map(({ path, from, to }) => ({
        path,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      })),
      revokesOnly: revokes,
      anyOf: quorums.map((quorum) =>
        quorum.map(({ group, count }) => (group === undefined ? { count } : { group, count })),
      ),
    },
  });
  if (text.length <= MAX_STATEMENT_BYTES) return text;
  throw new StatementError(
    'TooLarge',
    `the statement has ${text.length} bytes and at most ${MAX_STATEMENT_BYTES} can be shown: change fewer things at once`,
  );
}

/** The members of a statement's predicate that say what a signature holds for. */
export function trustBinding(binding: TrustBinding, decision: Decision): { readonly [key: string]: JSONValue } {
  const { cluster, chain, change, keyring, notAfter } = binding;
  const { kind, namespace, name, version, from, to } = change;
  return {
    decision,
    cluster,
    chain,
    change: { kind, ...(namespace === undefined ? {} : { namespace }), name, version, from, to },
    keyring: { name: keyring.name, version: keyring.version, digest: keyring.digest },
    notAfter,
  };
}

/**
 * The same members of a text that this program wrote once, which may show changes in other words today. Empty when it is
 * no such text.
 */
export function boundBy(text: string): { readonly [key: string]: JSONValue } {
  const statement = parsed(text);
  if (!isMembers(statement) || statement['predicateType'] !== TRUST_PREDICATE_TYPE) return {};
  const { predicate = {} } = statement;
  if (!isMembers(predicate)) return {};
  return Object.fromEntries(Object.entries(predicate).filter(([key]) => BOUND.has(key)));
}

const BOUND: ReadonlySet<string> = new Set(['decision', 'cluster', 'chain', 'change', 'keyring', 'notAfter']);

function parsed(text: string): JSONValue {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
