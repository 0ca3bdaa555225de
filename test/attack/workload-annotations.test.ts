import test, { type ExecutionContext } from 'ava';
import { hasMutatingPolicies } from '../harness/index.ts';
import { allowed, denied, deniedCommand } from './assert.ts';
import { Production, must, type LockOptions } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, images, template } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
  await stage.cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'flux-system' } }]);
});
test.after.always(async () => {
  await stage?.stop();
});

const annotate = (annotations: Json): Json => ({ metadata: { annotations } });
const annotationsOf = (object: Live): Json => (object.metadata['annotations'] ?? {}) as Json;
const CHANGED_BY = 'twinlock.dev/changed-by';
const ROLLBACK_TO = 'deprecated.deployment.rollback.to';
const REVISION = 'deployment.kubernetes.io/revision';

interface Place {
  readonly shop: Production;
  readonly path: string;
}

async function open(name: string, workloads?: readonly Json[], options?: LockOptions): Promise<Place> {
  const shop = await Production.open(stage, name, workloads, options);
  return { shop, path: shop.apps('Deployment', 'web') };
}

const kubectl = (as: string, shop: Production, ...args: string[]) =>
  stage.cluster.kubectl(['-n', shop.namespace, ...args], { as, check: false });
const withInput = (as: string, shop: Production, input: string, ...args: string[]) =>
  stage.cluster.kubectl(['-n', shop.namespace, ...args, '-f', '-'], { as, check: false, input });

const second = template('web', { containers: [{ name: 'web', image: images.second }] });

/** A namespace that runs the second content, the first one being its fallback, both with a ReplicaSet of their own. */
async function promoted(name: string, options: { readonly rollbackUsers?: readonly string[] } = {}): Promise<Place> {
  const { shop, path } = await open(name);
  const before = await shop.read(path);
  await shop.pods(1);
  const next = await must(stage.admin('PATCH', `${path}?dryRun=All&fieldManager=x`, {}));
  const spec = { ...next.spec, template: await defaulted(shop) };
  await shop.approve([
    { kind: 'Deployment', name: 'web', role: 'Current', spec },
    { kind: 'Deployment', name: 'web', role: 'Fallback', spec: before.spec, ...options },
  ]);
  await shop.until('the promoted content is let in', async () => {
    const answer = await stage.agent('PATCH', path, { spec: { template: spec.template } });
    return answer.status === 200;
  });
  await shop.until('its ReplicaSet is there', async () => (await shop.list(shop.apps('ReplicaSet'))).length === 2);
  // A write by its controller between the read and the write of stock kubectl would be a conflict, for whoever writes.
  await shop.until('its controller is through', async () => hasSettled(await shop.read(path)));
  return { shop, path };
}

/** Its controller has made the pods of the newest content, and waits for a kubelet: there is none. */
function hasSettled({ metadata, status }: Live): boolean {
  const { observedGeneration, updatedReplicas, unavailableReplicas } = status ?? {};
  return observedGeneration === metadata['generation'] && updatedReplicas === 1 && unavailableReplicas === 2;
}

/** The second template as the API server completes it. */
async function defaulted(shop: Production): Promise<unknown> {
  const made = await stage.admin(
    'POST',
    '/apis/apps/v1/namespaces/default/deployments?dryRun=All',
    deployment(`web-${shop.namespace}`, { selector: { matchLabels: { app: 'web' } }, template: second }),
  );
  return ((made.body as Live).spec as { readonly template: unknown }).template;
}

test('denied: annotations that make the deployment controller go back, or scale otherwise; allowed: all others', async (t) => {
  const { shop, path } = await open('steered');
  await shop.pods(1);
  const evil: readonly Json[] = [
    { [ROLLBACK_TO]: '1' },
    { 'deployment.kubernetes.io/revision-history': '1' },
    { 'deployment.kubernetes.io/desired-replicas': '0' },
    { 'deployment.kubernetes.io/max-replicas': '1000' },
    { 'deployment.kubernetes.io/of-a-later-version': '1' },
  ];
  for (const change of evil) {
    const what = JSON.stringify(change);
    for (const send of [stage.agent, stage.wildcard, stage.oncall, stage.admin]) {
      denied(t, await send('PATCH', path, annotate(change)), 'workloads', /deployment controller/, what);
    }
    denied(t, await stage.wildcard('PATCH', `${path}/status`, annotate(change)), 'workload-status', undefined, what);
  }
  const applied = { apiVersion: 'apps/v1', kind: 'Deployment', ...annotate({ [ROLLBACK_TO]: '1' }) };
  const apply = { contentType: 'application/apply-patch+yaml' };
  denied(t, await stage.wildcard('PATCH', `${path}?fieldManager=x&force=true`, applied, apply), 'workloads');
  allowed(t, await stage.agent('PATCH', path, annotate({ 'kubernetes.io/change-cause': 'a note', note: 'x' })));
});

test('the revision of a Deployment stays what its controller said, whoever writes another one', async (t) => {
  const { shop, path } = await promoted('revised');
  const revision = async (): Promise<unknown> => annotationsOf(await shop.read(path))[REVISION];
  await shop.until('the controller has counted', async () => (await revision()) === '2');
  if (!hasMutatingPolicies) {
    // Nothing puts it right: what would count as a later one is refused, and its controller writes it again where it is gone.
    for (const forged of ['999', 'x'])
      denied(
        t,
        await stage.agent('PATCH', path, annotate({ [REVISION]: forged })),
        'workloads',
        /deployment controller/,
      );
    allowed(t, await stage.agent('PATCH', path, annotate({ [REVISION]: null })));
    return shop.until('the controller has counted again', async () => (await revision()) === '2');
  }
  for (const forged of ['999', 'x', '1', null]) {
    // As `kubectl rollout undo` does, which replaces all annotations by those that it read a moment before.
    const after = await must(stage.agent('PATCH', path, annotate({ [REVISION]: forged })));
    t.is(annotationsOf(after)[REVISION], '2', String(forged));
  }
});

test('denied: a Deployment that is made with them; allowed: one that is made again from an export', async (t) => {
  const shop = await Production.open(stage, 'made', [], {
    also: [{ kind: 'Deployment', name: 'web', role: 'Current', spec: (await defaultedDeployment()).spec }],
  });
  const make = (annotations: Json) =>
    stage.agent('POST', shop.apps('Deployment'), { ...deployment('web'), metadata: { name: 'web', annotations } });
  denied(t, await make({ [ROLLBACK_TO]: '1' }), 'workloads', /deployment controller/);
  denied(t, await make({ 'deployment.kubernetes.io/max-replicas': '9' }), 'workloads');
  const bare = await must(stage.agent('POST', `${shop.apps('Deployment')}?dryRun=All`, deployment('web')));
  t.deepEqual(annotationsOf(bare), hasMutatingPolicies ? { [CHANGED_BY]: 'agent' } : {});
  allowed(t, await make({ [REVISION]: '7' }));
  await shop.until('the controller writes its own', async () => {
    return annotationsOf(await shop.read(shop.apps('Deployment', 'web')))[REVISION] === '1';
  });
});

async function defaultedDeployment(): Promise<Live> {
  return must(stage.admin('POST', '/apis/apps/v1/namespaces/default/deployments?dryRun=All', deployment('web')));
}

test('denied: revisions and sizes of ReplicaSets written or removed by hand; allowed: other annotations', async (t) => {
  const { shop } = await open('sets');
  await shop.pods(1);
  const [set] = await shop.list(shop.apps('ReplicaSet'));
  const path = shop.apps('ReplicaSet', set?.metadata.name);
  const evil = [{ [REVISION]: '99' }, { [REVISION]: null }, { 'deployment.kubernetes.io/desired-replicas': '0' }];
  for (const change of evil) {
    denied(t, await stage.wildcard('PATCH', path, annotate(change)), 'replicasets', undefined, JSON.stringify(change));
  }
  allowed(t, await stage.agent('PATCH', path, annotate({ note: 'x' })));
});

test('what stock kubectl does with them passes: replace of a manifest, server-side apply, rollout undo and restart', async (t) => {
  const { shop, path } = await promoted('stock');
  const live = await shop.read(path);
  const manifest = { ...deployment('web'), spec: live.spec };
  const replaced = await withInput(stage.files.agent, shop, JSON.stringify(manifest), 'replace');
  t.is(replaced.code, 0, replaced.stderr);
  await shop.until('the controller writes its revision again', async () =>
    Object.hasOwn(annotationsOf(await shop.read(path)), REVISION),
  );
  const applied = await withInput(
    stage.files.agent,
    shop,
    JSON.stringify(manifest),
    'apply',
    '--server-side',
    '--force-conflicts',
  );
  t.is(applied.code, 0, applied.stderr);
  const restarted = await kubectl(stage.files.agent, shop, 'rollout', 'restart', 'deployment/web');
  t.is(restarted.code, 0, restarted.stderr);
  const undone = await kubectl(stage.files.oncall, shop, 'rollout', 'undo', 'deployment/web', '--to-revision=1');
  t.is(undone.code, 0, undone.stderr);
  const after = await shop.read(path);
  t.regex(JSON.stringify(after.spec), new RegExp(images.first));
  t.is(
    annotationsOf(after)[CHANGED_BY],
    hasMutatingPolicies ? 'oncall' : undefined,
    'not whom the old ReplicaSet names',
  );
});

// An older API server has no policy that could write it.
async function named(t: ExecutionContext): Promise<void> {
  const { shop, path } = await promoted('named');
  t.is(annotationsOf(await shop.read(path))[CHANGED_BY], 'agent');
  allowed(t, await stage.wildcard('PATCH', `${path}/scale`, { spec: { replicas: 2 } }));
  allowed(t, await stage.wildcard('PATCH', path, annotate({ note: 'x' })));
  t.is(annotationsOf(await shop.read(path))[CHANGED_BY], 'agent', 'what is no change of content does not count');
  const restart = (by: string): Json => ({
    spec: { template: annotate({ 'kubectl.kubernetes.io/restartedAt': `2026-11-27T08:00:0${by.length}Z` }) },
    ...annotate({ [CHANGED_BY]: by }),
  });
  allowed(t, await stage.wildcard('PATCH', path, restart('alice')));
  t.is(annotationsOf(await shop.read(path))[CHANGED_BY], 'wildcard');
  const dry = await must(stage.oncall('PATCH', `${path}?dryRun=All`, restart('bob')));
  t.is(annotationsOf(dry)[CHANGED_BY], 'oncall');
  t.is(annotationsOf(await shop.read(path))[CHANGED_BY], 'wildcard');
  const live = await shop.read(path);
  t.false(JSON.stringify(live.spec).includes(CHANGED_BY), 'no pod changes by it');
}
if (hasMutatingPolicies) test('a workload names who changed its content last, whoever they say they are', named);

test('denied: the name of another person as who changed a workload; allowed: to leave it or take it away', async (t) => {
  const { path } = await promoted('renamed');
  for (const send of [stage.wildcard, stage.admin]) {
    denied(
      t,
      await send('PATCH', path, annotate({ [CHANGED_BY]: 'alice' })),
      'workloads',
      hasMutatingPolicies ? /leave it to the API server/ : /take it away/,
    );
  }
  allowed(t, await stage.agent('PATCH', path, annotate({ [CHANGED_BY]: 'agent' })));
  allowed(t, await stage.agent('PATCH', path, annotate({ [CHANGED_BY]: null })));
  denied(t, await stage.wildcard('PATCH', path, annotate({ [CHANGED_BY]: 'agent' })), 'workloads');
});

/** A service account with cluster-admin, as a GitOps tool is installed by default. */
async function tool(name: string): Promise<{ readonly user: string; readonly file: string }> {
  await stage.cluster.apply([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'flux-system' } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'flux-system' }],
    },
  ]);
  const { kubeconfig } = await stage.cluster.boundToken('flux-system', name);
  return { user: `system:serviceaccount:flux-system:${name}`, file: kubeconfig };
}

const old = (): string => JSON.stringify({ ...deployment('web'), spec: { ...(deployment('web')['spec'] as Json) } });

test('denied: a GitOps tool with cluster-admin that applies the old manifest takes back what was promoted', async (t) => {
  const { user, file } = await tool('kustomize-controller');
  const { shop, path } = await promoted('self-heal');
  const before = await shop.read(path);
  const ways: readonly (readonly string[])[] = [
    ['apply'],
    ['apply', '--server-side', '--force-conflicts', '--field-manager=kustomize-controller'],
    ['replace'],
    ['apply', '--dry-run=server'],
  ];
  for (const way of ways) {
    const answer = await withInput(file, shop, old(), ...way);
    deniedCommand(t, answer, 'workloads', /commit that to Git/);
    t.true(answer.stderr.includes(images.second), 'it says what was promoted');
    t.true(answer.stderr.includes(`name ${user} in rollback.serviceAccounts`), answer.stderr);
  }
  const scaled = { spec: { replicas: 3, template: template('web') } };
  denied(t, await stage.cluster.request('PATCH', path, { ...merged, body: scaled, as: file }), 'workloads', /to Git/);
  const undo = await kubectl(file, shop, 'rollout', 'undo', 'deployment/web', '--to-revision=1');
  deniedCommand(t, undo, 'workloads', /to Git/);
  t.deepEqual((await shop.read(path)).spec, before.spec);
});

const merged = { contentType: 'application/merge-patch+json' };

test('allowed: an account rolls back where the target names it and it has the verb; people as ever', async (t) => {
  const { user, file } = await tool('helm-controller');
  const { shop } = await promoted('named-account', { rollbackUsers: [user] });
  const applied = await withInput(file, shop, old(), 'apply');
  t.is(applied.code, 0, applied.stderr);
  const other = await promoted('named-other', { rollbackUsers: ['system:serviceaccount:flux-system:another'] });
  deniedCommand(t, await withInput(file, other.shop, old(), 'apply'), 'workloads', /to Git/);
  deniedCommand(t, await withInput(stage.files.agent, other.shop, old(), 'apply'), 'workloads', /verb rollback/);
  const person = await withInput(stage.files.oncall, other.shop, old(), 'apply');
  t.is(person.code, 0, person.stderr);
});

test('denied: an account that the target names and that lacks the verb', async (t) => {
  const { shop, path } = await promoted('no-verb', { rollbackUsers: ['system:serviceaccount:no-verb:default'] });
  await stage.cluster.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'edit', namespace: shop.namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: shop.namespace }],
    },
  ]);
  const account = await stage.withToken(shop.namespace, 'default');
  denied(
    t,
    await account('PATCH', path, { spec: { template: template('web') } }),
    'workloads',
    /needs the verb rollback/,
  );
});

test('allowed: the promotions process puts the fallback back', async (t) => {
  const { path } = await promoted('automatic');
  allowed(t, await stage.promotions('PATCH', path, { spec: { template: template('web') } }, merged));
});

test('denied: a workload deleted by a tool that merely may; allowed: given up by a person who says so on it', async (t) => {
  const { file } = await tool('pruner');
  const { shop, path } = await open('given-up', [deployment('web'), other('kept')]);
  await shop.pods(1);
  const prune = await kubectl(file, shop, 'delete', 'deployment', 'web', '--wait=false');
  deniedCommand(t, prune, 'delete', /twinlock\.dev\/unprotect=web/);
  denied(t, await stage.admin('DELETE', path), 'delete', /verb unprotect/);
  const say = annotate({ 'twinlock.dev/unprotect': 'web' });
  denied(t, await stage.agent('PATCH', path, say), 'workloads', /verb unprotect/);
  denied(t, await stage.oncall('PATCH', path, say), 'workloads', /verb unprotect/);
  allowed(t, await stage.admin('PATCH', shop.apps('Deployment', 'kept'), say));
  denied(t, await stage.admin('DELETE', shop.apps('Deployment', 'kept')), 'delete', undefined, "another one's name");
  denied(t, await stage.admin('DELETE', shop.apps('Deployment')), 'delete');
  allowed(t, await stage.admin('PATCH', path, say));
  denied(t, await stage.agent('DELETE', path), 'delete', undefined, 'without the verb');
  denied(t, await stage.admin('DELETE', path, { propagationPolicy: 'Orphan' }), 'delete', /cascade=orphan/);
  denied(t, await stage.admin('DELETE', path, { orphanDependents: true }), 'delete');
  allowed(t, await stage.admin('DELETE', path));
  await shop.until('its ReplicaSet and pods went with it', async () => {
    const sets = await shop.list(`${shop.apps('ReplicaSet')}?labelSelector=app%3Dweb`);
    const pods = await shop.list(`${shop.core('pods')}?labelSelector=app%3Dweb`);
    return sets.length === 0 && pods.length === 0;
  });
  t.is((await stage.admin('GET', shop.apps('Deployment', 'kept'))).status, 200);
});

function other(name: string): Json {
  return deployment(name, { selector: { matchLabels: { app: name } }, template: template(name) });
}

test('denied: a claim or a ReplicaSet of a Deployment deleted in the same way', async (t) => {
  const { shop, path } = await open('claims');
  const claim = {
    metadata: { name: 'data', annotations: { 'twinlock.dev/unprotect': 'data' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  await must(stage.agent('POST', shop.core('persistentvolumeclaims'), claim));
  denied(
    t,
    await stage.admin('DELETE', shop.core('persistentvolumeclaims', 'data')),
    'delete',
    /its owner or namespace/,
  );
  await shop.pods(1);
  const [set] = await shop.list(shop.apps('ReplicaSet'));
  const name = set?.metadata.name ?? '';
  const setPath = shop.apps('ReplicaSet', name);
  const say = annotate({ 'twinlock.dev/unprotect': name });
  denied(t, await stage.wildcard('PATCH', setPath, say), 'replicasets', /verb unprotect/);
  allowed(t, await stage.admin('PATCH', path, annotate({ 'twinlock.dev/unprotect': 'web' })));
  await shop.until("the Deployment's own annotation is copied to it", async () =>
    Object.hasOwn(annotationsOf(await shop.read(setPath)), 'twinlock.dev/unprotect'),
  );
  denied(t, await stage.admin('DELETE', setPath), 'delete', /twinlock\.dev\/unprotect=web-/);
  allowed(t, await stage.admin('PATCH', path, annotate({ 'twinlock.dev/unprotect': null })));
  await shop.until('nothing writes it any more', async () => {
    await must(stage.admin('PATCH', setPath, say));
    return (await stage.admin('DELETE', `${setPath}?dryRun=All`)).status === 200;
  });
  allowed(t, await stage.admin('DELETE', setPath));
});

test('denied: a dry run of a refused change answers with the refusal, by stock kubectl', async (t) => {
  const { shop } = await open('dry');
  const changed = JSON.stringify(deployment('web', { template: second }));
  for (const way of [['apply'], ['apply', '--server-side', '--force-conflicts'], ['replace']]) {
    const answer = await withInput(stage.files.agent, shop, changed, ...way, '--dry-run=server');
    deniedCommand(t, answer, 'workloads', /does not match the approved content \(pod template differs\)/);
    t.regex(answer.stderr, /create a Promotion of images by digest .* objects\[\]/);
  }
  const set = await kubectl(
    stage.files.agent,
    shop,
    'set',
    'image',
    'deployment/web',
    `web=${images.evil}`,
    '--dry-run=server',
  );
  deniedCommand(t, set, 'workloads', /create a Promotion/);
});
