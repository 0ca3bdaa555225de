import { isDigest, parseTime, printable, rfc3339 } from '../../canonical/index.ts';
import { StatementError } from './errors.ts';
import type { ConfigurationContent, JobDigest, ObjectDigests, StatementInput } from './types.ts';

/** What a person can be expected to read. */
export const MAX_CHANGES = 500;

type Input = StatementInput & { readonly objects: readonly ObjectDigests[]; readonly jobs: readonly JobDigest[] };

/**
 * Refuses an input that a person could not judge.
 *
 * @throws StatementError as {@link renderStatements} documents.
 */
export function checkStatement(given: StatementInput): void {
  const input = { ...given, objects: given.objects ?? [], jobs: given.jobs ?? [] };
  checkNames(input);
  checkDigests(input);
  checkConfiguration(input.configuration ?? []);
  checkRound(input.round);
  checkSets(input);
  checkChanges(input);
}

function checkNames(input: Input): void {
  const { cluster, promotion, policy, keyring, subjects, targets, objects, jobs, evidence } = input;
  const named: readonly (readonly [string, string])[] = [
    ['cluster.name', cluster.name],
    ['cluster.uid', cluster.uid],
    ['promotion.namespace', promotion.namespace],
    ['promotion.name', promotion.name],
    ['promotion.uid', promotion.uid],
    // Without it separation of duties has nothing to compare with.
    ['promotion.requestedBy', promotion.requestedBy],
    ['policy.name', policy.name],
    ['keyring.name', keyring.name],
    ...subjects.flatMap(
      ({ container, repository }) =>
        [
          ['subject.container', container],
          ['subject.repository', repository],
        ] as const,
    ),
    ...[...targets, ...objects].flatMap(
      ({ kind, name }) =>
        [
          ['kind', kind],
          ['name', name],
        ] as const,
    ),
    ...jobs.map(({ name }) => ['job', name] as const),
    ...(input.emergency === undefined ? [] : [['emergency.reason', input.emergency.reason] as const]),
    ...(input.overrides ?? []).flatMap(
      ({ gate, reason }) =>
        [
          ['overrides.gate', gate],
          ['overrides.reason', reason],
        ] as const,
    ),
    ...evidence.flatMap(
      ({ gate, result, summary }) =>
        [
          ['evidence.gate', gate],
          ['evidence.result', result],
          ['evidence.summary', summary],
        ] as const,
    ),
  ];
  for (const [field, value] of named)
    if (typeof value !== 'string' || value === '')
      throw new StatementError('Incomplete', `${field} is missing: a statement must name everything that it binds`);
  if (targets.length + objects.length + jobs.length === 0)
    throw new StatementError('Incomplete', 'nothing is promoted: name a workload, an object or a job');
}

function checkDigests(input: Input): void {
  const { promotion, policy, keyring, subjects, targets, objects, jobs, evidence } = input;
  const digests: readonly string[] = [
    promotion.specDigest,
    policy.digest,
    keyring.digest,
    ...subjects.map(({ digest }) => digest),
    ...targets
      .flatMap(({ currentSpecDigest, desiredSpecDigest }) => [currentSpecDigest, desiredSpecDigest])
      .filter((digest) => digest !== 'none'),
    ...objects.map(({ desiredDigest }) => desiredDigest).filter((digest) => digest !== 'none'),
    ...objects.map(({ currentDigest }) => currentDigest).filter((digest) => digest !== 'none'),
    ...jobs.map(({ digest }) => digest),
    ...evidence.map(({ digest }) => digest),
  ];
  for (const digest of digests)
    if (!isDigest(digest))
      throw new StatementError(
        'BadDigest',
        `${printable(String(digest))} is no digest: write sha256: and 64 hexadecimal digits`,
      );
}

/** A plain digest of a Secret would let a reader try likely values. */
function checkConfiguration(configuration: readonly ConfigurationContent[]): void {
  for (const { kind, name, digest, key } of configuration) {
    if (kind === '' || name === '')
      throw new StatementError(
        'Incomplete',
        'configuration is missing a name: a statement must name all that it binds',
      );
    if (digest === undefined) continue;
    const isKeyed = /^hmac-sha256:[0-9a-f]{64}$/.test(digest) && /^[0-9a-f]{16}$/.test(key ?? '');
    if (kind === 'Secret' ? !isKeyed : !isDigest(digest))
      throw new StatementError(
        'BadDigest',
        `the digest of ${printable(`${kind}/${name}`)} is none: write sha256: and 64 hexadecimal digits, of a Secret hmac-sha256: and the id of the key`,
      );
  }
}

function checkRound({ nonce, notAfter }: StatementInput['round']): void {
  if (!/^[0-9a-f]{16,64}$/.test(nonce))
    throw new StatementError(
      'BadRound',
      'the nonce must be 16 to 64 lower-case hexadecimal digits from a random source',
    );
  const end = parseTime(notAfter);
  if (Number.isNaN(end) || rfc3339(end) !== notAfter)
    throw new StatementError('BadRound', 'notAfter must be a time in UTC with seconds, such as 2026-11-28T10:00:00Z');
}

/** Two entries of one name would let a reader see one and miss the other. */
function checkSets(input: Input): void {
  const sets: readonly (readonly [string, readonly string[]])[] = [
    ['target', [...input.targets, ...input.objects].map(({ kind, name }) => `${kind}/${name}`)],
    ['configuration', (input.configuration ?? []).map(({ kind, name }) => `${kind}/${name}`)],
    ['job', input.jobs.map(({ when, name }) => `${when} ${name}`)],
    ['evidence', input.evidence.map(({ gate }) => gate)],
  ];
  for (const [set, names] of sets) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      throw new StatementError('Duplicate', `${set} ${printable(twice)} is there twice: name it once`);
  }
  for (const { count } of input.policy.quorum)
    if (!Number.isSafeInteger(count) || count < 1)
      throw new StatementError(
        'Incomplete',
        'a quorum entry asks for fewer than one vote: write a count of at least 1',
      );
  if (input.policy.quorum.length === 0)
    throw new StatementError('Incomplete', 'the policy asks for no vote at all: write spec.quorum');
}

function checkChanges({ changes, targets, objects }: Input): void {
  if (changes.length > MAX_CHANGES)
    throw new StatementError(
      'TooManyChanges',
      `${changes.length} changes are more than a person can read (${MAX_CHANGES}): promote fewer workloads or objects at once`,
    );
  const digests = [
    ...targets.map(({ kind, name, currentSpecDigest: from, desiredSpecDigest: to }) => ({ kind, name, from, to })),
    ...objects.map(({ kind, name, currentDigest: from, desiredDigest: to }) => ({ kind, name, from, to })),
  ];
  for (const { kind, name, from, to } of digests)
    if (from !== to && !changes.some(({ path }) => path.startsWith(`${kind}/${name} `)))
      throw new StatementError(
        'UnexplainedChange',
        `${printable(`${kind}/${name}`)} changes by digest but not in words: compute the changes from the same objects as the digests`,
      );
}
