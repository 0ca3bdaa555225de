import { globSync, readFileSync } from 'node:fs';
import test from 'ava';
import { membersOf } from '../../operator/canonical/index.ts';
import { CONTROLLER_ACCOUNTS } from '../../operator/admission/who.ts';
import { workloadApiVersions, workloadKinds } from '../../operator/api/index.ts';
import {
  approvedSpec,
  controllerOf,
  isLaterRevision,
  isPaused,
  podMakers,
  podTemplateOf,
  RESTARTED_AT,
  revisionOf,
  rightsOn,
  servedLike,
  specDigest,
  templateIn,
  undoneSpec,
  withContent,
  withTemplate,
  workloadOf,
  workloadRows,
  type Progress,
  type WorkloadObject,
} from '../../operator/workloads/index.ts';
import { samples } from './workload-samples.ts';

test('the table has a row for each kind that the schemas take, and its objects are what the API server serves', (t) => {
  t.deepEqual(
    workloadRows.map(([kind, { type }]) => [kind, type.kind]),
    workloadKinds.map((kind) => [kind, kind]),
  );
  const makers = podMakers.map(({ type }) => type);
  for (const [kind, { type, owns, podOwner }] of workloadRows) {
    t.is<string, string>(workloadApiVersions[kind], type.apiVersion);
    t.true(type.namespaced);
    t.true([type, ...owns].includes(podOwner), 'what makes its pods is read');
    t.true(makers.includes(podOwner), 'and looked for by inventories and policies');
  }
});

// The same cases for each row: a kind that is added has to pass them with a sample of its own.
for (const [kind, row] of workloadRows) {
  const sample = samples[kind];
  const [before, after] = [sample.live('first', 1), sample.live('second', 2)];
  const spec = before.spec ?? {};
  const digest = specDigest(kind, spec);
  const template = templateIn(kind, spec) as { readonly metadata?: { readonly annotations?: object } };
  const annotated = (annotations: object): typeof spec =>
    withTemplate(kind, spec, { ...template, metadata: { ...template.metadata, annotations } });

  test(`${kind}: the template is found where its path says`, (t) => {
    t.deepEqual<unknown, unknown>(podTemplateOf(kind, before), template);
    t.is(
      row.templatePath.reduce<unknown>((at, member) => (at as Record<string, unknown>)[member], before),
      template,
    );
    t.is(podTemplateOf(kind, undefined), undefined);
    t.is(templateIn(kind, {}), undefined);
    const other = { metadata: { labels: { app: 'other' } } };
    t.is<unknown, unknown>(templateIn(kind, withTemplate(kind, {}, other)), other);
  });

  test(`${kind}: an approval covers everything but scaling and a restart`, (t) => {
    t.is(specDigest(kind, sample.scaled(spec)), digest);
    t.is(specDigest(kind, annotated({ [RESTARTED_AT]: '2026-11-21T10:00:00Z' })), digest);
    t.not(specDigest(kind, sample.changed(spec)), digest);
    t.not(specDigest(kind, annotated({ team: 'shop' })), digest);
    t.not(specDigest(kind, after.spec ?? {}), digest);
    t.deepEqual(approvedSpec(kind, approvedSpec(kind, spec)), approvedSpec(kind, spec));
  });

  test(`${kind}: what is null is absent, and content is served as the API server writes it now`, (t) => {
    const older = withTemplate(kind, spec, {
      ...template,
      metadata: { ...template.metadata, creationTimestamp: null },
      spec: { ...membersOf(membersOf(template)['spec']), volumes: [{ name: 'scratch', emptyDir: null }, null] },
    });
    const newer = withTemplate(kind, spec, {
      ...template,
      spec: { ...membersOf(membersOf(template)['spec']), volumes: [{ name: 'scratch' }, null] },
    });
    t.is(specDigest(kind, older), specDigest(kind, newer));
    t.not(specDigest(kind, older), digest);
    const timed = withTemplate(kind, spec, {
      ...template,
      metadata: { ...template.metadata, creationTimestamp: '2026-01-01T00:00:00Z' },
    });
    t.is(specDigest(kind, timed), digest, 'a time that no pod has, which admission lets anybody write');
    t.deepEqual(servedLike(spec, older), newer);
    t.is(servedLike(older, older), older, 'the older server writes it too');
    t.is(servedLike(spec, after.spec ?? {}), after.spec ?? {});
  });

  test(`${kind}: new content keeps what no approval covers as it is`, (t) => {
    const content = approvedSpec(kind, after.spec ?? {});
    const written = withContent(kind, sample.scaled(spec), content);
    t.is(specDigest(kind, written), specDigest(kind, content));
    for (const member of row.uncovered) t.deepEqual(written[member], sample.scaled(spec)[member]);
  });

  test(`${kind}: an undo puts back the template, and nothing else`, (t) => {
    const undone = undoneSpec(kind, sample.changed(after.spec ?? {}), spec);
    t.deepEqual(undone, row.undo === 'Nothing' ? undefined : approvedSpec(kind, sample.changed(spec)));
  });

  test(`${kind}: a revision grows with each content, and nobody's proves nothing`, (t) => {
    const [first, second] = [[before], [before, after]].map((lives) =>
      revisionOf({ kind, live: lives.at(-1), owned: sample.owned(lives) }),
    );
    t.true(isLaterRevision(second, first));
    t.false(isLaterRevision(first, second));
    t.false(isLaterRevision(first, first));
    const unnumbered = revisionOf({ kind, live: sample.unnumbered(after), owned: [] });
    t.is(unnumbered, undefined);
    t.false(isLaterRevision(unnumbered, first));
    t.false(isLaterRevision(second, unnumbered));
    t.is(revisionOf({ kind }), undefined);
  });

  test(`${kind}: a pause is seen where the kind has one`, (t) => {
    t.false(isPaused(kind, spec));
    t.is(isPaused(kind, { ...spec, ...(row.pause !== undefined && { [row.pause]: true }) }), row.pause !== undefined);
  });

  // The others replace no pods.
  if (!row.lasting) continue;

  test(`${kind}: its newest pods, and those that its controller would make, are told from older ones`, (t) => {
    const owned = sample.owned([before, after]);
    for (const listed of [owned, owned.toReversed()]) {
      t.true(row.isOfNewest(sample.pod(after), after, listed));
      t.false(row.isOfNewest(sample.pod(before), after, listed));
      const { labels, owner } = row.podOrigin(after, listed);
      t.deepEqual(owner, controllerOf(sample.pod(after)));
      t.is(owner?.kind, row.podOwner.kind);
      t.is(labels[row.revisionLabel], sample.pod(after).metadata.labels?.[row.revisionLabel]);
    }
  });

  test(`${kind}: its status says whether it was seen, how many pods there are, and why there are none`, (t) => {
    const through = row.standing(after);
    t.like(through, { observed: true, failure: undefined });
    t.true(through.updated >= through.wanted && through.present <= through.updated);
    t.false(row.standing(sample.unseen(after)).observed);
    const half = row.standing(sample.halfway(after));
    t.true(half.updated < half.wanted || half.present > half.updated);
    if (sample.failing !== undefined) t.is(row.standing(sample.failing(after, 'no quota')).failure, 'no quota');
  });

  test(`${kind}: a rollout is complete when its pods stayed available, and not before`, (t) => {
    const now = Date.parse('2026-11-21T10:00:00Z');
    const owned = sample.owned([before, after]);
    const { wanted } = row.standing(after);
    const made = (since: string) =>
      Array.from({ length: wanted }, (_, index) => sample.pod(after, { name: `new-${index}`, since }));
    const look = (live: WorkloadObject, pods = made('2026-11-21T09:00:00Z')): Progress =>
      row.progress({ live, owned, pods, now, began: now - 60_000, settle: 30_000 });
    t.is(look(after).state, 'Complete');
    t.like(look(after, made('2026-11-21T09:59:50Z')), { state: 'Settling', until: now + 20_000 });
    t.is(look(sample.unseen(after)).state, 'Progressing');
    t.is(look(sample.halfway(after)).state, 'Progressing');
    t.is(look(after, [...made('2026-11-21T09:00:00Z'), sample.pod(before, { name: 'old' })]).state, 'Progressing');
    if (sample.failing !== undefined) t.regex(JSON.stringify(look(sample.failing(after, 'no quota'), [])), /no quota/);
    t.is(look(after, [sample.pod(after, { restarts: 9, created: '2026-11-21T09:59:30Z' })]).state, 'Failed');
  });
}

test('a kind that only another version knows is refused, never taken for one that is known', (t) => {
  for (const kind of ['ReplicationController', '__proto__', 'constructor', ''])
    t.throws(() => workloadOf(kind as (typeof workloadKinds)[number]), { message: /run the version that wrote it/ });
});

test('the controller of each kind that makes pods is one whose account nobody may have a token of', (t) => {
  for (const { controller } of podMakers) t.true(CONTROLLER_ACCOUNTS.includes(controller), controller);
  t.is(new Set(CONTROLLER_ACCOUNTS).size, CONTROLLER_ACCOUNTS.length);
});

test('rights on kinds are one rule for each API group', (t) => {
  const types = podMakers.map(({ type }) => type);
  t.deepEqual(
    rightsOn(types, ['list'], 'status').map(({ apiGroups, resources }) => [...apiGroups, ...resources]),
    [
      ['apps', 'deployments/status', 'replicasets/status', 'statefulsets/status', 'daemonsets/status'],
      ['batch', 'jobs/status', 'cronjobs/status'],
      ['', 'replicationcontrollers/status'],
    ],
  );
});

/** Where the name of a kind may stand: the table, the list of the schemas, and Kubernetes' own objects. */
const NAMED = /^operator\/(workloads\/|api\/workload-kinds\.ts$|kube\/objects\/workloads\.ts$)/;
const NAMES =
  /Deployment|ReplicaSet|\b(?:deployments|replicasets)\b|deployment\.kubernetes|(?:deployment|replicaset)-controller/;
/** Comments, or strings, which are kept: `//` in one of them begins no comment. */
const TOKENS = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

test('no other file of the operator names a kind of workload, comments aside', (t) => {
  const files = globSync('operator/**/*.ts').filter((file) => !NAMED.test(file));
  t.true(files.length > 300);
  const named = files.flatMap((file) => {
    const code = readFileSync(file, 'utf8').replace(TOKENS, (token) => (/^\/[/*]/.test(token) ? '' : token));
    const found = NAMES.exec(code);
    return found === null ? [] : [`${file}: ${found[0]}`];
  });
  t.deepEqual(named, []);
});
