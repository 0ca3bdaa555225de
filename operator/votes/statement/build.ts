import { sortedBy, type Digest, type JSONValue } from '../../canonical/index.ts';
import { MAX_STATEMENT_BYTES, PREDICATE_TYPE, type Decision } from '../terms/names.ts';
import { bounded } from './changes.ts';
import { checkStatement } from './check.ts';
import { StatementError } from './errors.ts';
import { renderText } from './render.ts';
import type { ObjectMetadata, StatementInput, StatementTexts } from './types.ts';

/** in-toto Attestation Framework, Statement v1. */
export const IN_TOTO_STATEMENT = 'https://in-toto.io/Statement/v1';

/**
 * The two texts of a round (security: "The statement"). Sets (subjects, targets, objects, evidence, quorum) are sorted,
 * so that equal inputs give equal bytes in whatever order they were gathered; jobs keep their order, it is their meaning.
 *
 * @throws StatementError when a person could not know what they sign: a missing name, a digest that is none, a digest
 * that changes without a change in words, more than 500 changes, more than 128 KiB.
 * @throws CanonicalError for lone surrogates and numbers that are no safe integers.
 */
export function renderStatements(input: StatementInput): StatementTexts {
  checkStatement(input);
  return { approve: renderDecision(input, 'approve'), reject: renderDecision(input, 'reject') };
}

function renderDecision(input: StatementInput, decision: Decision): string {
  const text = renderText(buildStatement(input, decision));
  if (text.length <= MAX_STATEMENT_BYTES) return text;
  throw new StatementError(
    'TooLarge',
    `the statement has ${text.length} bytes and at most ${MAX_STATEMENT_BYTES} can be shown: promote fewer workloads or objects at once`,
  );
}

/** The statement as plain data, of an input that was checked; {@link renderStatements} is what is signed. */
function buildStatement(input: StatementInput, decision: Decision): { readonly [key: string]: JSONValue } {
  return {
    _type: IN_TOTO_STATEMENT,
    predicateType: PREDICATE_TYPE,
    subject: subjectsOf(input),
    predicate: {
      decision,
      cluster: { name: input.cluster.name, uid: input.cluster.uid },
      promotion: {
        namespace: input.promotion.namespace,
        name: input.promotion.name,
        uid: input.promotion.uid,
        specDigest: input.promotion.specDigest,
        requestedBy: input.promotion.requestedBy,
      },
      target: sortedBy(input.targets, identity).map(({ kind, name, currentSpecDigest, desiredSpecDigest }) => ({
        kind,
        name,
        currentSpecDigest,
        desiredSpecDigest,
      })),
      objects: sortedBy(input.objects ?? [], identity).map(
        ({ kind, name, currentDigest, desiredDigest, readBy = [] }) => ({
          kind,
          name,
          currentDigest,
          desiredDigest,
          ...notEmpty('readBy', readBy.toSorted()),
        }),
      ),
      // What a Job did stays done, whatever is taken back: said to who signs.
      jobs: (input.jobs ?? []).map(({ when, name, digest }) => ({ when, name, digest, undone: false })),
      changes: sortedBy(input.changes, ({ path }) => path).map(({ path, from, to }) => ({
        path,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      })),
      // Only where there is something to tell: most promotions are images that ran, and nothing else.
      ...notEmpty('notExercised', (input.notExercised ?? []).toSorted()),
      ...notEmpty('metadata', sortedBy(input.metadata ?? [], identity).map(metadataOf)),
      ...notEmpty(
        'configuration',
        sortedBy(input.configuration ?? [], identity).map(({ kind, name, digest, key, rotators = [] }) => ({
          kind,
          name,
          ...(digest === undefined ? { absent: true } : { digest }),
          ...(key === undefined ? {} : { key }),
          ...notEmpty('rotators', rotators.toSorted()),
        })),
      ),
      evidence: sortedBy(input.evidence, ({ gate }) => gate).map(({ gate, result, summary, digest }) => ({
        gate,
        result,
        summary,
        digest,
      })),
      ...notEmpty(
        'overrides',
        sortedBy(input.overrides ?? [], ({ gate }) => gate).map(({ gate, reason }) => ({ gate, reason })),
      ),
      ...(input.emergency === undefined
        ? {}
        : { emergency: { reason: input.emergency.reason, skipped: input.emergency.skipped.toSorted() } }),
      policy: {
        name: input.policy.name,
        digest: input.policy.digest,
        quorum: sortedBy(input.policy.quorum, ({ group, count }) => `${group ?? ''} ${count}`).map(
          ({ group, count }) => (group === undefined ? { count } : { group, count }),
        ),
      },
      keyring: { name: input.keyring.name, digest: input.keyring.digest },
      round: { nonce: input.round.nonce, notAfter: input.round.notAfter },
    },
  };
}

function notEmpty(name: string, items: readonly JSONValue[]): { readonly [key: string]: JSONValue } {
  return items.length === 0 ? {} : { [name]: items };
}

function metadataOf({ kind, name, labels, annotations }: ObjectMetadata): JSONValue {
  return {
    kind,
    name,
    ...(labels === undefined ? {} : { labels: boundedValues(labels) }),
    ...(annotations === undefined ? {} : { annotations: boundedValues(annotations) }),
  };
}

function boundedValues(map: Readonly<Record<string, string>>): JSONValue {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, bounded(value)]));
}

/** Two workloads may run one image: an artifact is listed once, and twice only with two digests. */
function subjectsOf({ subjects }: StatementInput): JSONValue {
  const artifacts = new Map(
    subjects.map(({ container, repository, digest }) => {
      const name = `${container}=${repository}`;
      return [`${name}@${digest}`, { name, digest: { sha256: hexOf(digest) } }] as const;
    }),
  );
  return sortedBy([...artifacts], ([key]) => key).map(([, artifact]) => artifact);
}

function identity({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}/${name}`;
}

function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
