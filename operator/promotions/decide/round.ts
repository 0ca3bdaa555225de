import { canonicalJSON, digestOf, imageDigest, imageRepository, isDigest, rfc3339 } from '../../canonical/index.ts';
import { usersOf } from '../../lock/index.ts';
import { approvedSpec, jobDigest } from '../../workloads/index.ts';
import { promotionRef, type RecordEntry } from '../../records/index.ts';
import { keyringDigest, policyDigest } from '../../votes/index.ts';
import {
  predicateOf,
  renderStatements,
  StatementError,
  type Evidence,
  type StatementInput,
  type StatementTexts,
  type Subject,
} from '../../votes/statement/index.ts';
import type { Artifact, GateState } from '../../gates/index.ts';
import { readersOf } from './configuration.ts';
import type { Facts } from './facts.ts';
import { objectDigests, recorded } from './objects.ts';
import { skippedBy } from './windows.ts';
import type { DecidingWorld } from './world.ts';

/** A world in which everything that a statement names is known. */
export interface Complete {
  readonly world: DecidingWorld;
  readonly facts: Facts;
  readonly policy: {
    readonly name: string;
    readonly spec: Extract<DecidingWorld['policy'], { object: unknown }>['object']['spec'];
  };
  readonly keyring: {
    readonly name: string;
    readonly spec: Extract<DecidingWorld['keyring'], { object: unknown }>['object']['spec'];
  };
  readonly requestedBy: string;
  readonly artifacts: readonly Artifact[];
}

/**
 * What a person would sign now under that nonce. A pure function of the world: the same live content, policy, keyring
 * and evidence give the same bytes.
 *
 * @throws StatementError when a person could not judge it, CanonicalError when a content has no canonical form
 */
export function statementOf(complete: Complete, round: StatementInput['round']): StatementTexts {
  return renderStatements(statementInput(complete, round));
}

function statementInput(complete: Complete, round: StatementInput['round']): StatementInput {
  const { world, facts, policy, keyring, requestedBy, artifacts } = complete;
  const { metadata, spec } = world.promotion;
  return {
    subjects: subjectsOf(artifacts),
    cluster: world.cluster,
    promotion: {
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      uid: metadata.uid ?? '',
      specDigest: digestOf(spec),
      requestedBy,
    },
    targets: facts.changed.map(({ kind, name, currentDigest, desiredDigest }) => ({
      kind,
      name,
      currentSpecDigest: currentDigest,
      desiredSpecDigest: desiredDigest,
    })),
    objects: facts.changedObjects.map((each) => ({ ...objectDigests(each), readBy: readersOf(each, facts) })),
    jobs: facts.jobs.map(({ when, name, spec }) => ({ when, name, digest: jobDigest(spec) })),
    changes: facts.changes,
    notExercised: facts.notExercised,
    metadata: facts.metadata,
    configuration: facts.configuration.map(({ kind, name, state }) => ({
      kind,
      name,
      ...(typeof state === 'string' ? {} : state),
      ...(kind === 'Secret' ? { rotators: usersOf(world.target?.spec.rotators) } : {}),
    })),
    evidence: evidenceOf(facts.gates),
    overrides: spec.overrides ?? [],
    emergency: spec.emergency && { reason: spec.emergency.reason, skipped: skippedBy(policy.spec, spec) },
    policy: { name: policy.name, digest: policyDigest(policy.spec, policy.spec.gates), quorum: policy.spec.quorum },
    keyring: { name: keyring.name, digest: keyringDigest(keyring.spec, policy.spec) },
    round,
  };
}

/** `container=repository`, without a tag, which could say anything beside the digest; the workload's name is put before a container's that several workloads have. */
function subjectsOf(artifacts: readonly Artifact[]): readonly Subject[] {
  return artifacts.flatMap(({ name, container, image }) => {
    const digest = imageDigest(image);
    if (digest === undefined) return [];
    const shared = artifacts.some((other) => other.container === container && other.name !== name);
    return [
      {
        container: shared ? `${name}/${container}` : container,
        repository: imageRepository(image),
        digest,
      },
    ];
  });
}

function evidenceOf(gates: readonly GateState[]): readonly Evidence[] {
  return gates.map(({ name, result, summary, evidenceDigest }) => {
    // A gate that a signer would not see must not pass for them.
    if (!isDigest(evidenceDigest))
      throw new StatementError('Incomplete', `gate ${name} passed without evidence: it cannot be put into a statement`);
    return { gate: name, result, summary: summary ?? '', digest: evidenceDigest };
  });
}

/** The Round record: written once, never changed; what people sign and what it means. */
export function roundEntry(
  complete: Complete,
  round: StatementInput['round'],
  statements: StatementTexts,
  because: readonly string[],
): RecordEntry {
  const { world, facts, policy, keyring, requestedBy, artifacts } = complete;
  const time = rfc3339(world.now);
  return {
    type: 'Round',
    time,
    promotion: promotionRef(world.promotion, requestedBy),
    round: { ...round, openedAt: time, ...(because.length === 0 ? {} : { because }) },
    artifacts,
    statements,
    gates: facts.gates,
    policy: { name: policy.name, digest: policyDigest(policy.spec, policy.spec.gates) },
    keyring: { name: keyring.name, digest: keyringDigest(keyring.spec, policy.spec) },
    currentSpecs: facts.changed.flatMap(({ kind, name, current, currentDigest: digest }) =>
      current === undefined ? [] : [{ kind, name, digest, spec: { ...approvedSpec(kind, current) } }],
    ),
    desiredSpecs: facts.changed.flatMap(({ kind, name, desired, desiredDigest: digest }) =>
      desired === undefined ? [] : [{ kind, name, digest, spec: { ...approvedSpec(kind, desired) } }],
    ),
    ...(facts.jobs.length === 0 ? {} : { jobs: [...facts.jobs] }),
    ...(facts.changedObjects.length === 0
      ? {}
      : {
          currentObjects: facts.changedObjects.map((each) => recorded(each, each.current)),
          desiredObjects: facts.changedObjects.map((each) => recorded(each, each.desired)),
        }),
  };
}

const PARTS = [
  [
    'target',
    "production's live content changed through an approved path, or the API server makes something else of it now",
  ],
  ['configuration', 'what a ConfigMap or Secret holds changed, or the key of their digests'],
  ['policy', "the policy's gates, quorum or separation changed"],
  ['keyring', 'people or keys that can count changed'],
  ['evidence', 'a gate ran again and saw something else'],
  ['cluster', "the cluster's name changed"],
  ['promotion', 'who requested the promotion is told differently'],
  [
    'objects',
    'an object of production changed through an approved path, or the API server makes something else of it now',
  ],
] as const;

/** Why votes over `before` count no longer, in words; both texts are this controller's own. */
export function whatChanged(before: string, now: string): readonly string[] {
  const [old, fresh] = [predicateOf(before), predicateOf(now)];
  const changed = PARTS.filter(([part]) => canonicalJSON(old[part] ?? null) !== canonicalJSON(fresh[part] ?? null));
  return changed.length === 0 ? ['the statement is put differently'] : changed.map(([, words]) => words);
}
