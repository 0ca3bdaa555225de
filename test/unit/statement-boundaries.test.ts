/** Each bound of a statement from both sides, each refusal in its words, and each kind of change as it is told. */
import test from 'ava';
import { digestOf, digestOfBytes, type JSONValue } from '../../operator/canonical/index.ts';
import { MAX_STATEMENT_BYTES } from '../../operator/votes/index.ts';
import {
  boundBy,
  changesOf,
  metadataChanges,
  notExercised,
  notExercisedSince,
  predicateOf,
  renderStatements,
  renderText,
  renderTrustStatements,
  StatementError,
  type Change,
  type RanWith,
  type StatementInput,
} from '../../operator/votes/statement/index.ts';
import { statementInput as input } from '../vectors/statement.ts';

const predicate = (changed: StatementInput): Readonly<Record<string, JSONValue>> =>
  predicateOf(renderStatements(changed).approve);
function refusal(changed: StatementInput): string {
  try {
    renderStatements(changed);
    return '';
  } catch (error) {
    return error instanceof StatementError ? `${error.name} ${error.code}: ${error.message}` : String(error);
  }
}
const having = (changed: Partial<StatementInput>): StatementInput => ({ ...input, ...changed });
const workloads = input.changes.filter(({ path }) => !path.startsWith('ConfigMap/'));
const { objects: _objects, jobs: _jobs, ...rest } = input;
const bare: StatementInput = { ...rest, changes: workloads };
const [evidence] = input.evidence;
const [job] = input.jobs ?? [];
const digest = digestOf('something');

test('what is left out is an empty list, or is not there', (t) => {
  const told = predicate(bare);
  t.deepEqual([told['objects'], told['jobs']], [[], []]);
  t.false('notExercised' in told || 'metadata' in told);
});

test('what did not run and what is set on the object itself are told where there are some', (t) => {
  const told = predicate({
    ...bare,
    notExercised: ['b', 'a'],
    metadata: [
      { kind: 'Deployment', name: 'worker', labels: { tier: 'x'.repeat(257) } },
      { kind: 'Deployment', name: 'web', annotations: { owner: 'team' } },
    ],
  });
  t.deepEqual(told['notExercised'], ['a', 'b']);
  t.deepEqual(told['metadata'], [
    { kind: 'Deployment', name: 'web', annotations: { owner: 'team' } },
    {
      kind: 'Deployment',
      name: 'worker',
      labels: { tier: `${'x'.repeat(160)} ... ${'x'.repeat(60)} (257 characters, ${digestOfBytes('x'.repeat(257))})` },
    },
  ]);
});

test('two changes at one place stay in their order', (t) => {
  const path = 'ConfigMap/flags data';
  const changes = [...workloads, { path, from: 'one' }, { path, to: { 'a.b': 'two' } }];
  t.deepEqual(listed(predicate(having({ changes }))['changes']).slice(0, 2), [
    { path, from: 'one' },
    { path, to: { 'a.b': 'two' } },
  ]);
});

function listed(value: JSONValue | undefined): readonly JSONValue[] {
  return Array.isArray(value) ? value : [];
}

test('a quorum is told in one order, with the entry for anybody by its count', (t) => {
  const quorum = [{ count: 2 }, { group: 'b', count: 1 }, { group: 'A', count: 3 }];
  const told = { ...input.policy, quorum };
  t.deepEqual(predicate(having({ policy: told }))['policy'], {
    name: 'default',
    digest: input.policy.digest,
    quorum: [{ count: 2 }, { group: 'A', count: 3 }, { group: 'b', count: 1 }],
  });
});

const padded = (length: number): StatementInput =>
  having({ evidence: [{ gate: 'g', result: 'Passed', summary: 'x'.repeat(length), digest }] });

test('a statement may have 128 KiB and not one byte more', (t) => {
  const most = MAX_STATEMENT_BYTES - renderStatements(padded(1)).approve.length + 1;
  t.is(renderStatements(padded(most)).approve.length, MAX_STATEMENT_BYTES);
  t.is(
    refusal(padded(most + 1)),
    `StatementError TooLarge: the statement has ${MAX_STATEMENT_BYTES + 1} bytes and at most 131072 can be shown: promote fewer workloads or objects at once`,
  );
});

const many = (count: number): StatementInput =>
  having({
    changes: [
      ...input.changes,
      ...Array.from({ length: count - input.changes.length }, (_, index) => ({ path: `ConfigMap/flags ${index}` })),
    ],
  });

test('a statement may have 500 changes and not one more', (t) => {
  t.is(refusal(many(500)), '');
  t.is(
    refusal(many(501)),
    'StatementError TooManyChanges: 501 changes are more than a person can read (500): promote fewer workloads or objects at once',
  );
});

const { promotion, cluster, policy, keyring, round } = input;
/** A field, an input without it, and how it is called. */
const nameless: readonly (readonly [string, StatementInput])[] = [
  ['cluster.name', having({ cluster: { ...cluster, name: '' } })],
  ['cluster.uid', having({ cluster: { ...cluster, uid: '' } })],
  ['promotion.namespace', having({ promotion: { ...promotion, namespace: '' } })],
  ['promotion.name', having({ promotion: { ...promotion, name: '' } })],
  ['promotion.uid', having({ promotion: { ...promotion, uid: '' } })],
  ['promotion.requestedBy', having({ promotion: { ...promotion, requestedBy: '' } })],
  ['policy.name', having({ policy: { ...policy, name: '' } })],
  ['keyring.name', having({ keyring: { ...keyring, name: '' } })],
  ['subject.container', having({ subjects: [{ container: '', repository: 'r', digest }] })],
  ['subject.repository', having({ subjects: [{ container: 'c', repository: '', digest }] })],
  ['kind', having({ targets: [{ kind: '', name: 'web', currentSpecDigest: 'none', desiredSpecDigest: digest }] })],
  ['name', having({ targets: [{ kind: 'x', name: '', currentSpecDigest: 'none', desiredSpecDigest: digest }] })],
  ['kind', having({ objects: [{ kind: '', name: 'flags', currentDigest: 'none', desiredDigest: digest }] })],
  ['name', having({ objects: [{ kind: 'x', name: '', currentDigest: 'none', desiredDigest: digest }] })],
  ['job', having({ jobs: [{ when: 'before', name: '', digest }] })],
  ['evidence.gate', having({ evidence: [{ gate: '', result: 'Passed', summary: 's', digest }] })],
  ['evidence.result', having({ evidence: [{ gate: 'g', result: '', summary: 's', digest }] })],
  ['evidence.summary', having({ evidence: [{ gate: 'g', result: 'Passed', summary: '', digest }] })],
];
for (const [field, changed] of nameless)
  test(`a statement names what it binds: ${field} of ${JSON.stringify(changed).length} characters`, (t) => {
    t.is(
      refusal(changed),
      `StatementError Incomplete: ${field} is missing: a statement must name everything that it binds`,
    );
  });

test('a name that is no text is none', (t) => {
  const uid: { uid: string } = JSON.parse('{"uid":5}');
  t.regex(refusal(having({ cluster: { ...cluster, ...uid } })), /^StatementError Incomplete: cluster\.uid is missing/);
});

test('a statement is of a workload, an object or a job, each enough by itself', (t) => {
  const nothing = { ...bare, targets: [], changes: [] };
  const what = 'StatementError Incomplete: nothing is promoted: name a workload, an object or a job';
  t.is(refusal(nothing), what);
  t.is(refusal({ ...nothing, objects: [], jobs: [] }), what);
  t.is(refusal(bare), '');
  t.is(refusal({ ...nothing, objects: input.objects, changes: input.changes }), '');
  t.is(refusal({ ...nothing, jobs: input.jobs }), '');
  t.is(refusal({ ...nothing, objects: input.objects, jobs: input.jobs, changes: input.changes }), '');
});

const bad: { readonly digest: `sha256:${string}` } = { digest: 'sha256:none' };
const wrongly: readonly (readonly [string, StatementInput])[] = [
  ['promotion', having({ promotion: { ...promotion, specDigest: bad.digest } })],
  ['policy', having({ policy: { ...policy, ...bad } })],
  ['keyring', having({ keyring: { ...keyring, ...bad } })],
  ['subject', having({ subjects: [{ container: 'c', repository: 'r', ...bad }] })],
  ['desired target', having({ targets: input.targets.map((each) => ({ ...each, desiredSpecDigest: bad.digest })) })],
  ['current target', having({ targets: input.targets.map((each) => ({ ...each, currentSpecDigest: bad.digest })) })],
  [
    'desired object',
    having({ objects: (input.objects ?? []).map((each) => ({ ...each, desiredDigest: bad.digest })) }),
  ],
  [
    'current object',
    having({ objects: (input.objects ?? []).map((each) => ({ ...each, currentDigest: bad.digest })) }),
  ],
  ['job', having({ jobs: [{ when: 'before', name: 'j', ...bad }] })],
  ['evidence', having({ evidence: [{ gate: 'g', result: 'Passed', summary: 's', ...bad }] })],
];
for (const [of, changed] of wrongly)
  test(`a digest that is none is refused: ${of}`, (t) => {
    t.is(
      refusal(changed),
      'StatementError BadDigest: sha256:none is no digest: write sha256: and 64 hexadecimal digits',
    );
  });

test('what is not there yet has no digest', (t) => {
  const objects = (input.objects ?? []).map((each) => ({ ...each, currentDigest: 'none' as const }));
  t.is(refusal(having({ objects })), '');
});

test('what is taken away has no digest afterwards', (t) => {
  const [object] = input.objects ?? [];
  if (object === undefined) throw new Error('it has no object');
  t.is(refusal(having({ objects: [{ ...object, desiredDigest: 'none' }] })), '');
});

const configured = (
  kind: 'ConfigMap' | 'Secret',
  content: { readonly digest?: string; readonly key?: string } = {},
  name = 'config',
): StatementInput => having({ configuration: [{ kind, name, ...content, rotators: ['b', 'a'] }] });
const keyed = { digest: `hmac-sha256:${'a'.repeat(64)}`, key: 'b'.repeat(16) };

const configurationOf = (changed: StatementInput): JSONValue | undefined => predicate(changed)['configuration'];

test('what a ConfigMap or Secret holds is told by its digest, or as not there, with whoever may exchange it', (t) => {
  const rotators = ['a', 'b'];
  t.deepEqual(configurationOf(configured('ConfigMap', { digest })), [
    { kind: 'ConfigMap', name: 'config', digest, rotators },
  ]);
  t.deepEqual(configurationOf(configured('Secret', keyed)), [{ kind: 'Secret', name: 'config', ...keyed, rotators }]);
  t.deepEqual(configurationOf(configured('Secret')), [{ kind: 'Secret', name: 'config', absent: true, rotators }]);
});

test('the content of a Secret is digested under a key, and everything has a name', (t) => {
  const bad = /BadDigest: the digest of (ConfigMap|Secret)\/config is none: write sha256: and 64/;
  for (const content of [
    { digest },
    { digest: keyed.digest },
    { ...keyed, key: 'short' },
    { ...keyed, digest: 'none' },
  ])
    t.regex(refusal(configured('Secret', content)), bad);
  t.regex(refusal(configured('ConfigMap', keyed)), bad);
  t.regex(refusal(configured('ConfigMap', { digest }, '')), /Incomplete: configuration is missing a name/);
});

const subjectOf = (text: string): unknown => JSON.parse(text).subject;
const subjectWith = (value: string): unknown => [
  { name: 'ApprovalPolicy/default', digest: { sha256: value.slice('sha256:'.length) } },
];

test('what people sign about trust is of the object by its digest, and nothing else holds for it', (t) => {
  const [from, to] = [digestOf('before'), digest];
  const told = (sides: { readonly from: typeof from | 'none'; readonly to: typeof to | 'none' }) =>
    renderTrustStatements({
      cluster: 'u',
      clusterName: 'test',
      chain: 'trust',
      change: { kind: 'ApprovalPolicy', name: 'default', version: 2, ...sides },
      keyring: { name: 'default', version: 1, digest: from },
      notAfter: '2026-11-28T10:00:00Z',
      changes: [],
      revokes: false,
      quorums: [[{ count: 1 }]],
    }).approve;
  t.deepEqual(subjectOf(told({ from, to })), subjectWith(to));
  t.deepEqual(subjectOf(told({ from, to: 'none' })), subjectWith(from), 'of a removal, what goes');
  const text = told({ from, to });
  t.like(boundBy(text), { decision: 'approve', chain: 'trust' });
  const { predicateType } = JSON.parse(renderStatements(input).approve);
  t.deepEqual(boundBy(JSON.stringify({ ...JSON.parse(text), predicateType })), {}, 'it is a vote on a promotion');
});

const withNonce = (nonce: string): string => refusal(having({ round: { ...round, nonce } }));

test('a nonce has 16 to 64 hexadecimal digits', (t) => {
  for (const nonce of ['0'.repeat(16), 'f'.repeat(64)]) t.is(withNonce(nonce), '');
  for (const nonce of ['0'.repeat(15), 'f'.repeat(65), `${'0'.repeat(16)}g`, `g${'0'.repeat(16)}`, 'F'.repeat(16)])
    t.is(
      withNonce(nonce),
      'StatementError BadRound: the nonce must be 16 to 64 lower-case hexadecimal digits from a random source',
    );
});

const endingAt = (notAfter: string): string => refusal(having({ round: { ...round, notAfter } }));

test('the end of a round is written in one way', (t) => {
  t.is(endingAt('2026-11-28T10:00:00Z'), '');
  for (const time of [
    '',
    '2026-11-28',
    '2026-11-28T10:00:00.000Z',
    '2026-11-28T11:00:00+01:00',
    '2026-02-30T10:00:00Z',
    '2026-11-28T24:00:00Z',
  ])
    t.is(
      endingAt(time),
      'StatementError BadRound: notAfter must be a time in UTC with seconds, such as 2026-11-28T10:00:00Z',
      time,
    );
});

test('what is there twice is refused by its name', (t) => {
  const twice = (set: string, changed: Partial<StatementInput>): void =>
    void t.is(refusal(having(changed)), `StatementError Duplicate: ${set} is there twice: name it once`);
  const [target] = input.targets;
  if (target === undefined || job === undefined || evidence === undefined) throw new Error('the input has each');
  twice('target Deployment/web', { targets: [...input.targets, target] });
  twice('target Deployment/web', {
    objects: [{ kind: 'Deployment', name: 'web', currentDigest: 'none', desiredDigest: digest }],
  });
  twice('job before migrate', { jobs: [job, job] });
  twice('evidence environment', { evidence: [evidence, evidence] });
  t.is(refusal(having({ jobs: [job, { ...job, when: 'after' }] })), '', 'before and after are two');
  t.is(refusal(having({ jobs: [job, { ...job, name: 'other' }] })), '');
  t.is(refusal({ ...bare, objects: undefined, jobs: undefined }), '');
});

const asking = (...quorum: StatementInput['policy']['quorum']): string =>
  refusal(having({ policy: { ...policy, quorum } }));

test('a policy asks for votes', (t) => {
  t.is(asking(), 'StatementError Incomplete: the policy asks for no vote at all: write spec.quorum');
  t.is(asking({ count: 1 }), '');
  for (const count of [0, -1, 1.5])
    t.is(
      asking({ count: 1 }, { group: 'g', count }),
      'StatementError Incomplete: a quorum entry asks for fewer than one vote: write a count of at least 1',
    );
});

test('a digest that changes is explained in words, below its own name', (t) => {
  const words = 'changes by digest but not in words: compute the changes from the same objects as the digests';
  t.is(refusal(having({ changes: workloads })), `StatementError UnexplainedChange: ConfigMap/flags ${words}`);
  t.is(
    refusal(having({ changes: [...workloads, { path: 'ConfigMap/flags2 data' }] })),
    `StatementError UnexplainedChange: ConfigMap/flags ${words}`,
  );
  const same = { kind: 'ConfigMap', name: 'same', currentDigest: digest, desiredDigest: digest };
  t.is(refusal({ ...bare, objects: [same] }), '', 'what stays needs no words');
});

const changes = (current: unknown, desired: unknown, kind = 'ConfigMap'): readonly Change[] =>
  changesOf([{ kind, name: 'c', current, desired }]);
/** From, to, and the changes below `ConfigMap/c `. */
const differences: readonly (readonly [string, unknown, unknown, readonly Change[]])[] = [
  ['nothing', { a: 1 }, { a: 1 }, []],
  ['nothing to nothing', null, undefined, []],
  ['a value', { a: 1 }, { a: 2 }, [{ path: '.a', from: 1, to: 2 }]],
  [
    'a value to nothing',
    { a: 1 },
    {},
    [
      { path: '', to: {} },
      { path: '.a', from: 1 },
    ],
  ],
  ['null to a value', { a: null }, { a: 1 }, [{ path: '.a', from: null, to: 1 }]],
  [
    'an object to a value',
    { a: { b: 1 } },
    { a: 5 },
    [
      { path: '.a', to: 5 },
      { path: '.a.b', from: 1 },
    ],
  ],
  [
    'a value to an object',
    { a: 5 },
    { a: { b: 1 } },
    [
      { path: '.a', from: 5 },
      { path: '.a.b', to: 1 },
    ],
  ],
  [
    'an empty object filled',
    { a: {} },
    { a: { b: 1 } },
    [
      { path: '.a', from: {} },
      { path: '.a.b', to: 1 },
    ],
  ],
  [
    'an object emptied',
    { a: { b: 1 } },
    { a: {} },
    [
      { path: '.a', to: {} },
      { path: '.a.b', from: 1 },
    ],
  ],
  [
    'an empty list filled',
    { a: [] },
    { a: [1] },
    [
      { path: '.a', from: [] },
      { path: '.a[0]', to: 1 },
    ],
  ],
  [
    'a list emptied',
    { a: [1] },
    { a: [] },
    [
      { path: '.a', to: [] },
      { path: '.a[0]', from: 1 },
    ],
  ],
  ['a list longer', { a: [1] }, { a: [1, 2] }, [{ path: '.a[1]', to: 2 }]],
  [
    'a list with a name twice',
    { a: [{ name: 'x' }, { name: 'x' }] },
    { a: [{ name: 'x' }, { name: 'y' }] },
    [{ path: '.a[1].name', from: 'x', to: 'y' }],
  ],
  [
    'a list of names',
    { a: [{ name: 'x', v: 1 }] },
    { a: [{ name: 'x', v: 2 }] },
    [{ path: '.a[name=x].v', from: 1, to: 2 }],
  ],
  [
    'an order',
    { a: [{ name: 'x' }, { name: 'y' }] },
    { a: [{ name: 'y' }, { name: 'x' }] },
    [{ path: '.a (order)', from: ['x', 'y'], to: ['y', 'x'] }],
  ],
  [
    'an order of what is added',
    { a: [{ name: 'x' }] },
    { a: [{ name: 'x' }, { name: 'z' }, { name: 'y' }] },
    [
      { path: '.a (order)', from: ['x'], to: ['x', 'z', 'y'] },
      { path: '.a[name=y].name', to: 'y' },
      { path: '.a[name=z].name', to: 'z' },
    ],
  ],
  ['nothing to something', undefined, { a: 1 }, [{ path: '.a', to: 1 }]],
  ['null to something', null, { a: 1 }, [{ path: '.a', to: 1 }]],
  ['something to nothing', { a: 1 }, undefined, [{ path: '.a', from: 1 }]],
];
for (const [what, from, to, expected] of differences)
  test(`a difference in words: ${what}`, (t) => {
    t.deepEqual(
      changes(from, to),
      expected.map((change) => ({ ...change, path: `ConfigMap/c ${change.path}` })),
    );
  });

test('of a Secret only the side that there is is told, and never what', (t) => {
  const hidden = '(secret value, not shown)';
  t.deepEqual(changes({ a: 'x', b: 'y' }, { b: 'z', c: 'w' }, 'Secret'), [
    { path: 'Secret/c .a', from: hidden },
    { path: 'Secret/c .b', from: hidden, to: hidden },
    { path: 'Secret/c .c', to: hidden },
  ]);
});

test('a text of 256 characters is shown, one of 257 by its ends', (t) => {
  const [shown, cut] = ['x'.repeat(256), 'x'.repeat(257)];
  t.deepEqual(changes(undefined, { a: shown }), [{ path: 'ConfigMap/c .a', to: shown }]);
  t.regex(String(changes(undefined, { a: cut })[0]?.to), /^x{160} \.\.\. x{60} \(257 characters, sha256:/);
});

test('labels and annotations of an object are told by name, only those that change', (t) => {
  const wanted = {
    kind: 'Deployment',
    name: 'web',
    labels: { c: '3', a: '2', b: '1', same: 's' },
    annotations: { 'x/y': 'n' },
  };
  t.deepEqual(metadataChanges(wanted, { labels: { a: '1', same: 's', gone: 'g' }, annotations: undefined }), [
    { path: 'Deployment/web metadata.annotations["x/y"]', to: 'n' },
    { path: 'Deployment/web metadata.labels.a', from: '1', to: '2' },
    { path: 'Deployment/web metadata.labels.b', to: '1' },
    { path: 'Deployment/web metadata.labels.c', to: '3' },
  ]);
  t.deepEqual(metadataChanges({ kind: 'Deployment', name: 'web' }, { labels: { a: '1' } }), []);
  t.deepEqual(
    metadataChanges({ kind: 'Deployment', name: 'web', labels: { toString: 'x' } }, { labels: {} }),
    [{ path: 'Deployment/web metadata.labels.toString', to: 'x' }],
    'what every object inherits is not what it has',
  );
});

test('values of JSON are written in one way', (t) => {
  t.is(renderText({}), '{}\n');
  t.is(renderText([]), '[]\n');
  t.is(
    renderText({ b: null, a: [1, true], c: {} }),
    '{\n  "a": [\n    1,\n    true\n  ],\n  "b": null,\n  "c": {}\n}\n',
  );
  const holed: Record<string, JSONValue> = {};
  Object.assign(holed, { a: undefined });
  t.is(renderText(holed), '{}\n');
});

test('what is no statement says nothing', (t) => {
  for (const text of ['null', '5', '[]', '{}', '{"predicate":null}', '{"predicate":[]}', '{"predicate":5}'])
    t.deepEqual(predicateOf(text), {}, text);
  t.deepEqual(predicateOf('{"predicate":{"a":1}}'), { a: 1 });
});

const [one, two] = [`r@sha256:${'1'.repeat(64)}`, `r@sha256:${'2'.repeat(64)}`];
const web = { kind: 'Deployment', name: 'web' };
const c = 'spec.template.spec.containers[name=web]';
const ran = (pod: JSONValue, more: Partial<RanWith> = {}): RanWith => ({
  template: { spec: pod },
  whole: true,
  variables: new Set(),
  ...more,
});
const left = (change: Change, environment: RanWith | undefined, images: readonly string[] = []): readonly string[] =>
  notExercised({
    workload: web,
    changes: [{ ...change, path: `Deployment/web ${change.path}` }],
    ran: environment,
    images: images.map((each) => ({ container: 'web', image: each })),
  });

/** What the API server fills in by itself: not a thing that an environment would have to show. */
const defaults: readonly (readonly [string, JSONValue])[] = [
  [`${c}.imagePullPolicy`, 'IfNotPresent'],
  [`${c}.terminationMessagePath`, '/dev/termination-log'],
  [`${c}.terminationMessagePolicy`, 'File'],
  [`${c}.resources`, {}],
  [`${c}.ports[0].protocol`, 'TCP'],
  [`${c}.livenessProbe.httpGet.scheme`, 'HTTP'],
  [`${c}.readinessProbe.timeoutSeconds`, 1],
  [`${c}.readinessProbe.successThreshold`, 1],
  [`${c}.readinessProbe.periodSeconds`, 10],
  [`${c}.readinessProbe.failureThreshold`, 3],
  [`${c}.env[name=A].valueFrom.fieldRef.apiVersion`, 'v1'],
  ['spec.template.spec.volumes[name=data].configMap.defaultMode', 420],
  ['spec.template.spec.volumes[name=data].secret.defaultMode', 420],
  ['spec.template.spec.volumes[name=data].projected.defaultMode', 420],
  ['spec.template.spec.volumes[name=data].downwardAPI.defaultMode', 420],
];
for (const [path, to] of defaults)
  test(`what the API server fills in ran everywhere: ${path}`, (t) => {
    const told = ['Deployment/web '].map((start) => start + path);
    t.deepEqual(left({ path, to }, ran({})), []);
    t.deepEqual(left({ path, to: 'another' }, ran({})), told, 'another value');
    t.deepEqual(left({ path: `${path}.more`, to }, ran({})), [`${told[0]}.more`], 'a field below');
    for (const elsewhere of ['a', 'spec.template.'])
      t.is(left({ path: elsewhere + path, to }, ran({})).length, 1, 'a field of such a name elsewhere');
  });

test('an image ran only in its own container, by its digest', (t) => {
  const path = `${c}.image`;
  t.deepEqual(left({ path, to: two }, ran({}), [one, two]), []);
  t.deepEqual(left({ path, to: two }, ran({}), [one]), [`Deployment/web ${path}`]);
  t.deepEqual(left({ path, to: 'r:tag' }, ran({}), ['r:tag']), [`Deployment/web ${path}`], 'a tag proves nothing');
  t.deepEqual(left({ path, to: 5 }, ran({}), [one]), [`Deployment/web ${path}`]);
  const elsewhere = [{ container: 'other', image: two }];
  const changed = [{ path: `Deployment/web ${path}`, to: two }];
  t.deepEqual(notExercised({ workload: web, changes: changed, ran: ran({}), images: elsewhere }), [
    `Deployment/web ${path}`,
  ]);
  t.deepEqual(left({ path, from: one }, ran({ containers: [{ name: 'web', image: one }] })), [
    `Deployment/web ${path}`,
  ]);
  t.deepEqual(left({ path, from: one }, ran({})), [], 'an image that goes, and was not there');
});

test('only the pod template can have run, and not what an environment sets itself', (t) => {
  t.deepEqual(left({ path: 'spec.strategy.type', from: 'x' }, ran({})), ['Deployment/web spec.strategy.type']);
  const label = 'spec.template.metadata.labels["app.kubernetes.io/name"]';
  t.deepEqual(left({ path: label, from: 'x' }, ran({})), [`Deployment/web ${label}`]);
  t.deepEqual(left({ path: 'spec.template.metadata.labels.tier', from: 'x' }, ran({})), []);
  for (const field of ['automountServiceAccountToken', 'enableServiceLinks', 'terminationGracePeriodSeconds']) {
    const path = `spec.template.spec.${field}`;
    t.deepEqual(left({ path, from: true }, ran({})), [`Deployment/web ${path}`], 'it has a value of its own there');
  }
  t.deepEqual(left({ path: 'spec.template.spec.hostname', from: 'x' }, ran({})), []);
  t.deepEqual(left({ path: 'spec.template.spec.hostname', from: 'x' }, undefined).length, 1);
});

test('changes of other workloads are not told here', (t) => {
  const other = [{ path: 'Deployment/website spec.template.spec.hostname', to: 'x' }];
  t.deepEqual(notExercised({ workload: web, changes: other, ran: undefined, images: [] }), []);
});

test('a default is none where the environment has something below', (t) => {
  const path = `${c}.resources`;
  t.deepEqual(left({ path, to: {} }, ran({ containers: [{ name: 'web' }] })), []);
  t.deepEqual(left({ path, to: {} }, ran({ containers: [{ name: 'web', resources: { limits: { cpu: 1 } } }] })), [
    `Deployment/web ${path}`,
  ]);
});

const grown = (path: string, below: string, from: JSONValue, to?: JSONValue): readonly string[] =>
  notExercised({
    workload: web,
    changes: [
      { path: `Deployment/web ${path}`, from, ...(to === undefined ? {} : { to }) },
      { path: `Deployment/web ${path}${below}`, to: 1 },
    ],
    ran: ran({ securityContext: { runAsUser: 1 }, tolerations: [1] }),
    images: [],
  });

test('what was empty and is filled is told by what came in', (t) => {
  const context = 'spec.template.spec.securityContext';
  t.deepEqual(grown(context, '.runAsUser', {}), []);
  t.deepEqual(grown('spec.template.spec.tolerations', '[0]', []), []);
  const strategy = 'spec.strategy';
  t.deepEqual(grown(strategy, '.type', {}), [`Deployment/web ${strategy}.type`]);
  t.deepEqual(grown(strategy, '[0]', []), [`Deployment/web ${strategy}[0]`]);
  for (const [below, from, to] of [
    ['x', {}, undefined],
    ['.type', { a: 1 }, undefined],
    ['.type', null, undefined],
    ['.type', 'text', undefined],
    ['.type', {}, 5],
  ] as const)
    t.deepEqual(grown(strategy, below, from, to), [`Deployment/web ${strategy}`, `Deployment/web ${strategy}${below}`]);
});

const told = (told: JSONValue, open: JSONValue = []): string =>
  JSON.stringify({ predicate: { changes: told, notExercised: open } });

test('in a later round counts what the first told as run, and images that were seen since', (t) => {
  const image = `Deployment/web ${c}.image`;
  const since = (text: string, change: Change, container = 'web'): readonly string[] =>
    notExercisedSince(text, [change], new Map([['Deployment/web', [{ container, image: two }]]]));
  const change = { path: 'Deployment/web spec.a', to: 'x' };
  t.deepEqual(since(told([change]), change), []);
  t.deepEqual(since(told([change], [change.path]), change), [change.path], 'it was told as not run');
  t.deepEqual(since(told([{ ...change, to: 'y' }]), change), [change.path], 'with another outcome');
  t.deepEqual(since(told([{ path: change.path }]), { path: change.path, from: 'x' }), [], 'a removal');
  t.deepEqual(since(told([{ path: change.path }]), { path: change.path, to: '' }), [change.path]);
  t.deepEqual(since('{}', change), [change.path]);
  for (const odd of [5, null, 'text', { a: 1 }, { path: 5 }])
    t.deepEqual(since(told([odd, change]), change), [], JSON.stringify(odd));
  t.deepEqual(since(told('no list', 'neither'), change), [change.path]);
  t.deepEqual(since('{}', { path: image, to: two }), []);
  t.deepEqual(since('{}', { path: image, to: one }), [image]);
  t.deepEqual(since('{}', { path: image, to: two }, 'other'), [image]);
  t.deepEqual(notExercisedSince('{}', [{ path: image, to: two }], new Map()), [image]);
  const volume = 'Deployment/web spec.template.spec.volumes[name=data].image.reference';
  t.deepEqual(notExercisedSince('{}', [{ path: volume, to: two }], new Map()), [volume]);
});
