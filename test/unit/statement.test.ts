import test from 'ava';
import { readFileSync } from 'node:fs';
import { CanonicalError } from '../../operator/canonical/index.ts';
import {
  changesOf,
  type Changed,
  MAX_SHOWN,
  renderStatements,
  renderText,
  StatementError,
  type StatementInput,
} from '../../operator/votes/statement/index.ts';
import { statementInput as input } from '../vectors/statement.ts';
import { approvedSpec } from '../../operator/workloads/index.ts';

const codeOf = (changed: StatementInput): string =>
  ((error) => error?.code ?? 'rendered')(
    (() => {
      try {
        renderStatements(changed);
        return undefined;
      } catch (error) {
        if (error instanceof StatementError) return error;
        throw error;
      }
    })(),
  );

/** The text that approves, or why there is none. */
const text = (changed: StatementInput): string => {
  const code = codeOf(changed);
  return code === 'rendered' ? renderStatements(changed).approve : code;
};

test('the text is byte for byte what the specification says', (t) => {
  t.is(
    renderStatements(input).approve,
    readFileSync(new URL('../vectors/statement-approve.txt', import.meta.url), 'utf8'),
  );
});

test('the two texts differ in the decision and in nothing else', (t) => {
  const { approve, reject } = renderStatements(input);
  t.not(approve, reject);
  t.is(approve.replace('"decision": "approve"', '"decision": "reject"'), reject);
  t.is((JSON.parse(approve) as { predicate: { decision: string } }).predicate.decision, 'approve');
});

/** Every leaf of the input, with a change of it that is still well-formed. */
function flips(value: unknown, path: readonly (string | number)[] = []): { name: string; changed: StatementInput }[] {
  if (typeof value === 'object' && value !== null) {
    const removed = Array.isArray(value)
      ? value.map((_, index) => ({
          name: `${path.join('.')} without ${index}`,
          changed: put(path, value.toSpliced(index, 1)),
        }))
      : [];
    return [...removed, ...Object.entries(value).flatMap(([key, child]) => flips(child, [...path, key]))];
  }
  const other = typeof value === 'number' ? value + 1 : typeof value === 'string' ? flipped(value) : !value;
  return [{ name: path.join('.'), changed: put(path, other) }];
}

function flipped(value: string): string {
  if (value.startsWith('sha256:')) return value.endsWith('0') ? value.replace(/0$/, '1') : value.replace(/.$/, '0');
  if (value === 'none') return `sha256:${'a'.repeat(64)}`;
  return value.endsWith('Z') ? value.replace('10:00', '10:01') : `${value}0`;
}

function put(path: readonly (string | number)[], value: unknown): StatementInput {
  const copy = structuredClone(input) as unknown as Record<string, unknown>;
  let at: Record<string, unknown> = copy;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[String(path.at(-1))] = value;
  return copy as unknown as StatementInput;
}

for (const { name, changed } of flips(input))
  test(`a vote binds ${name}`, (t) => {
    t.not(text(changed), text(input));
  });

test('the flips above cover every field that the design lists', (t) => {
  const names = flips(input).map(({ name }) => name.replace(/\d+/g, '#'));
  for (const field of [
    'subjects.#.container',
    'subjects.#.repository',
    'subjects.#.digest',
    'cluster.name',
    'cluster.uid',
    'promotion.namespace',
    'promotion.name',
    'promotion.uid',
    'promotion.specDigest',
    'promotion.requestedBy',
    'targets.#.kind',
    'targets.#.name',
    'targets.#.currentSpecDigest',
    'targets.#.desiredSpecDigest',
    'objects.#.kind',
    'objects.#.name',
    'objects.#.currentDigest',
    'objects.#.desiredDigest',
    'jobs.#.when',
    'jobs.#.name',
    'jobs.#.digest',
    'changes.#.path',
    'changes.#.from',
    'changes.#.to',
    'evidence.#.gate',
    'evidence.#.result',
    'evidence.#.summary',
    'evidence.#.digest',
    'policy.name',
    'policy.digest',
    'policy.quorum.#.group',
    'policy.quorum.#.count',
    'keyring.name',
    'keyring.digest',
    'round.nonce',
    'round.notAfter',
  ])
    t.true(names.includes(field), field);
});

test('a vote binds what did not run in the environment and what is set on the objects; a statement without it has no word of it', (t) => {
  const path = input.changes[0]?.path ?? '';
  const metadata = { kind: 'Deployment', name: 'web', labels: { a: '1' }, annotations: { b: '2' } };
  const full = { ...input, notExercised: [path, 'z'], metadata: [metadata] };
  const texts = [
    input,
    full,
    { ...full, notExercised: [path] },
    { ...full, metadata: [] },
    { ...full, metadata: [{ ...metadata, name: 'api' }] },
    { ...full, metadata: [{ ...metadata, labels: { a: '2' } }] },
    { ...full, metadata: [{ ...metadata, labels: undefined }] },
    { ...full, metadata: [{ ...metadata, annotations: { c: '2' } }] },
    { ...full, metadata: [metadata, { ...metadata, name: 'api' }] },
  ].map(text);
  t.is(new Set(texts).size, texts.length);
  t.is(text({ ...input, notExercised: [], metadata: [] }), text(input));
  t.is(text({ ...full, notExercised: ['z', path] }), text(full));
});

test('the order in which things were gathered does not matter, except for jobs', (t) => {
  const turned = {
    ...input,
    targets: input.targets.toReversed(),
    changes: input.changes.toReversed(),
    evidence: input.evidence.toReversed(),
    policy: { ...input.policy, quorum: input.policy.quorum.toReversed() },
  };
  t.deepEqual(renderStatements(turned), renderStatements(input));
  const jobs = [...(input.jobs ?? []), { when: 'before', name: 'warm', digest: input.policy.digest } as const];
  t.not(text({ ...input, jobs }), text({ ...input, jobs: jobs.toReversed() }));
});

test('an image that two workloads run is one subject, two digests of it are two', (t) => {
  const [first] = input.subjects;
  t.truthy(first);
  if (first === undefined) return;
  t.is(text({ ...input, subjects: [first, { ...first }] }), text(input));
  const other = { ...first, digest: `sha256:${'3'.repeat(64)}` } as const;
  t.is(text({ ...input, subjects: [first, other] }), text({ ...input, subjects: [other, first] }));
  t.not(text({ ...input, subjects: [first, other] }), text(input));
});

test('bidi marks, homoglyphs, terminal escapes and line breaks are escaped, in names too', (t) => {
  const evil = 'a\u202e\u0430\u001b[2J\r\n\u2066\ufeff\ud83d\ude00\u007f"\\';
  const { approve } = renderStatements({
    ...input,
    promotion: { ...input.promotion, requestedBy: evil },
    evidence: [{ gate: evil, result: evil, summary: evil, digest: input.policy.digest }],
    changes: [
      ...input.changes,
      ...changesOf([{ kind: 'ConfigMap', name: 'evil', current: {}, desired: { data: { [evil]: evil } } }]),
    ],
  });
  t.regex(approve, /^[\x20-\x7e\n]*$/);
  t.true(approve.includes('"a\\u202e\\u0430\\u001b[2J\\u000d\\u000a\\u2066\\ufeff\\ud83d\\ude00\\u007f\\"\\\\"'));
  t.is(
    (JSON.parse(approve) as { predicate: { promotion: { requestedBy: string } } }).predicate.promotion.requestedBy,
    evil,
  );
  t.regex(renderText({ '\u202e': { '\u001b': 1 } }), /^[\x20-\x7e\n]*$/);
});

const change = (to: unknown): StatementInput =>
  ({ ...input, changes: [...input.changes, { path: 'ConfigMap/x data', to }] }) as StatementInput;

test('a text that could not be read back the same is not made', (t) => {
  t.is(t.throws(() => renderStatements(change('\ud800')), { instanceOf: CanonicalError }).code, 'LoneSurrogate');
  t.is(t.throws(() => renderStatements(change(1.5)), { instanceOf: CanonicalError }).code, 'UnsafeNumber');
});

test('what a person could not judge is refused, with what to do', (t) => {
  t.is(codeOf(input), 'rendered');
  const { promotion, cluster, policy, round, targets } = input;
  t.is(codeOf({ ...input, promotion: { ...promotion, requestedBy: '' } }), 'Incomplete');
  t.is(codeOf({ ...input, cluster: { ...cluster, uid: '' } }), 'Incomplete');
  t.is(codeOf({ ...input, targets: [], objects: [], jobs: [] }), 'Incomplete');
  t.is(codeOf({ ...input, policy: { ...policy, quorum: [] } }), 'Incomplete');
  t.is(codeOf({ ...input, policy: { ...policy, quorum: [{ count: 0 }] } }), 'Incomplete');
  t.is(codeOf({ ...input, policy: { ...policy, digest: 'sha256:short' } }), 'BadDigest');
  t.is(codeOf({ ...input, round: { ...round, nonce: 'abc' } }), 'BadRound');
  t.is(codeOf({ ...input, round: { ...round, notAfter: 'tomorrow' } }), 'BadRound');
  t.is(codeOf({ ...input, targets: [...targets, ...targets] }), 'Duplicate');
  t.is(codeOf({ ...input, changes: [] }), 'UnexplainedChange');
  t.is(
    codeOf({ ...input, changes: input.changes.filter(({ path }) => !path.startsWith('Deployment/web ')) }),
    'UnexplainedChange',
  );
  const many = Array.from({ length: 501 }, (_, index) => ({ path: `Deployment/web spec[${index}]`, to: 1 }));
  t.is(codeOf({ ...input, changes: [...input.changes, ...many] }), 'TooManyChanges');
  const large = Array.from({ length: 400 }, (_, index) => ({
    path: `Deployment/web spec[${index}]`,
    to: 'x'.repeat(400),
  }));
  t.is(codeOf({ ...input, changes: [...input.changes, ...large] }), 'TooLarge');
});

const container = (name: string, image: string): Record<string, unknown> => ({ name, image });
const pods = (...containers: unknown[]): Record<string, unknown> => ({ template: { spec: { containers } } });
type Content = Readonly<Record<string, unknown>>;
const ofWorkload = (current: Content | undefined, desired: Content): Changed => ({
  kind: 'Deployment',
  name: 'web',
  part: 'spec',
  current: current && approvedSpec('Deployment', current),
  desired: approvedSpec('Deployment', desired),
});
const changed = (current: Content | undefined, desired: Content, kind = 'Deployment'): readonly string[] =>
  changesOf([kind === 'Deployment' ? ofWorkload(current, desired) : { kind, name: 'web', current, desired }]).map(
    ({ path, from, to }) => `${path}: ${JSON.stringify(from) ?? 'absent'} -> ${JSON.stringify(to) ?? 'absent'}`,
  );

test('a change of image is one line that names the container', (t) => {
  t.deepEqual(changed(pods(container('web', 'a')), pods(container('web', 'b'))), [
    'Deployment/web spec.template.spec.containers[name=web].image: "a" -> "b"',
  ]);
});

test('additions, removals, order, odd names and empty maps are told apart', (t) => {
  t.deepEqual(changed(pods(container('a', '1')), pods(container('b', '1'))), [
    'Deployment/web spec.template.spec.containers[name=a].image: "1" -> absent',
    'Deployment/web spec.template.spec.containers[name=a].name: "a" -> absent',
    'Deployment/web spec.template.spec.containers[name=b].image: absent -> "1"',
    'Deployment/web spec.template.spec.containers[name=b].name: absent -> "b"',
  ]);
  t.deepEqual(changed(pods(container('a', '1'), container('b', '1')), pods(container('b', '1'), container('a', '1'))), [
    'Deployment/web spec.template.spec.containers (order): ["a","b"] -> ["b","a"]',
  ]);
  t.deepEqual(changed({ data: { 'a.b/c': '1' } }, { data: {} }, 'ConfigMap'), [
    'ConfigMap/web .data: absent -> {}',
    'ConfigMap/web .data["a.b/c"]: "1" -> absent',
  ]);
  t.deepEqual(changed({ args: ['a', 'b'] }, { args: ['a', 'c', null] }, 'X'), [
    'X/web .args[1]: "b" -> "c"',
    'X/web .args[2]: absent -> null',
  ]);
  t.deepEqual(changed({ a: 1 }, { a: { b: 1 } }, 'X'), ['X/web .a: 1 -> absent', 'X/web .a.b: absent -> 1']);
});

test('a workload that does not exist yet is told field by field', (t) => {
  t.deepEqual(changed(undefined, { ...pods(container('b', '1'), container('a', '2')), replicas: 3 }), [
    'Deployment/web spec.template.spec.containers (order): absent -> ["b","a"]',
    'Deployment/web spec.template.spec.containers[name=a].image: absent -> "2"',
    'Deployment/web spec.template.spec.containers[name=a].name: absent -> "a"',
    'Deployment/web spec.template.spec.containers[name=b].image: absent -> "1"',
    'Deployment/web spec.template.spec.containers[name=b].name: absent -> "b"',
  ]);
});

test('values of a Secret are never shown, wherever they stand', (t) => {
  const secret = 'hunter2-and-more';
  const lines = changed(
    { data: { password: 'old', gone: secret }, metadata: { annotations: { last: secret } } },
    { data: { password: secret }, stringData: { new: secret }, metadata: { annotations: { last: `${secret}x` } } },
    'Secret',
  );
  t.is(lines.length, 4);
  t.false(lines.join('\n').includes('hunter2'));
  t.true(lines.includes('Secret/web .data.password: "(secret value, not shown)" -> "(secret value, not shown)"'));
});

const long = (middle: string): string => `begin ${'x'.repeat(1000)}${middle}${'y'.repeat(1000)} end`;

test('a long value is shown by both ends, length and digest, so that no change in its middle is invisible', (t) => {
  const [line = ''] = changed({ data: long('1') }, { data: long('2') }, 'ConfigMap');
  t.true(line.length < 4 * MAX_SHOWN);
  t.regex(line, /begin x+ \.\.\. y+ end \(2011 characters, sha256:[0-9a-f]{64}\)/);
  const [from, to] = line.split(' -> ');
  t.not(from?.split('sha256:')[1], to?.split('sha256:')[1]);
  t.notThrows(() => changed({ data: `${'\ud83d\ude00'.repeat(400)}` }, { data: 'x' }, 'ConfigMap'));
});
