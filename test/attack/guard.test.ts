import test from 'ava';
import { waitFor } from '../harness/index.ts';
import { allowed, denied, deniedCommand } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, images, lock, namespace, pod, template } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack({ overgranted: ['environments'] });
});
test.after.always(async () => {
  await stage?.stop();
});

const system = '/api/v1/namespaces/twinlock-system';
const secret = (type: string): Json => ({
  metadata: { generateName: 'token-', annotations: { 'kubernetes.io/service-account.name': 'twinlock-promotions' } },
  type,
});
const unlabel = { metadata: { labels: { 'twinlock.dev/protected': null } } };

test('denied: the protected label removed or changed through each endpoint of the namespace', async (t) => {
  const shop = await Production.open(stage, 'labelled');
  const path = `/api/v1/namespaces/${shop.namespace}`;
  denied(t, await stage.wildcard('PATCH', path, unlabel), 'guard-namespaces', /verb unprotect/);
  denied(
    t,
    await stage.wildcard('PATCH', path, { metadata: { labels: { 'twinlock.dev/protected': 'yes' } } }),
    'guard-namespaces',
  );
  denied(t, await stage.wildcard('PATCH', `${path}/status`, unlabel), 'guard-namespaces');
  const live = await shop.read(path);
  const { 'twinlock.dev/protected': _, ...labels } = live.metadata['labels'] as Json;
  denied(
    t,
    await stage.wildcard('PUT', `${path}/finalize`, { ...live, metadata: { ...live.metadata, labels } }),
    'guard-namespaces',
  );
  denied(t, await stage.wildcard('PUT', path, { ...live, metadata: { name: shop.namespace } }), 'guard-namespaces');
  t.is((await stage.environments('PATCH', path, unlabel)).status, 403);
  allowed(t, await stage.wildcard('PATCH', path, { metadata: { labels: { team: 'a' } } }));
  const command = await stage.cluster.kubectl(['label', 'namespace', shop.namespace, 'twinlock.dev/protected-'], {
    as: stage.files.wildcard,
    check: false,
  });
  deniedCommand(t, command, 'guard-namespaces');
});

test('allowed: the label removed and set again by the promotions process, or with the verb unprotect', async (t) => {
  const shop = await Production.open(stage, 'unprotected');
  const path = `/api/v1/namespaces/${shop.namespace}`;
  const relabel = { metadata: { labels: { 'twinlock.dev/protected': 'true' } } };
  allowed(t, await stage.promotions('PATCH', path, unlabel));
  allowed(t, await stage.promotions('PATCH', path, relabel));
  allowed(
    t,
    await stage.admin('PATCH', path, { metadata: { annotations: { 'twinlock.dev/unprotect': shop.namespace } } }),
  );
  allowed(t, await stage.admin('PATCH', path, unlabel));
  allowed(t, await stage.admin('PATCH', path, relabel));
});

test('denied: the protected label set by an agent, which would stop a namespace that has no lock', async (t) => {
  const protectedLabel = { 'twinlock.dev/protected': 'true' };
  denied(
    t,
    await stage.wildcard('POST', '/api/v1/namespaces', namespace('stopped', protectedLabel)),
    'guard-namespaces',
  );
  await must(stage.wildcard('POST', '/api/v1/namespaces', namespace('stopped')));
  denied(
    t,
    await stage.wildcard('PATCH', '/api/v1/namespaces/stopped', { metadata: { labels: protectedLabel } }),
    'guard-namespaces',
  );
});

test('denied: a namespace that is production and an environment at once, even for an admin', async (t) => {
  const shop = await Production.open(stage, 'both');
  const change = { metadata: { labels: { 'twinlock.dev/environment': 'pr-1' } } };
  denied(t, await stage.admin('PATCH', `/api/v1/namespaces/${shop.namespace}`, change), 'guard-namespaces', /at once/);
});

test("denied: Twinlock's definitions deleted, changed or marked as broken; others are nobody's business", async (t) => {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const own = `${path}/workloadlocks.twinlock.dev`;
  denied(t, await stage.wildcard('DELETE', own), 'guard-definitions', /verb upgrade/);
  denied(t, await stage.wildcard('PATCH', own, { spec: { conversion: { strategy: 'None' } } }), 'guard-definitions');
  denied(t, await stage.wildcard('PATCH', `${own}/status`, { status: { conditions: [] } }), 'guard-definitions');
  allowed(t, await stage.admin('PATCH', own, { metadata: { annotations: { note: 'x' } } }));
  const service = '/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.twinlock.dev';
  const mine = { spec: { service: { namespace: 'default', name: 'mine' }, insecureSkipTLSVerify: true } };
  denied(t, await stage.wildcard('PATCH', service, mine), 'guard-definitions');
  const other = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', singular: 'thing', kind: 'Thing' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  };
  allowed(t, await stage.wildcard('POST', path, other));
  allowed(t, await stage.wildcard('DELETE', `${path}/things.example.com`));
});

test('denied: a target, policy or keyring weakened or deleted without the verb unprotect', async (t) => {
  const shop = await Production.open(stage, 'ground');
  const target = {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ProductionTarget',
    metadata: { name: 'web' },
    spec: { workloads: [{ kind: 'Deployment', name: 'web' }] },
  };
  await must(stage.admin('POST', shop.own('productiontargets'), target));
  const policy = {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ApprovalPolicy',
    metadata: { name: 'strict' },
    spec: { quorum: [{ count: 2 }] },
  };
  const policies = '/apis/twinlock.dev/v1alpha1/approvalpolicies';
  await must(stage.admin('POST', policies, policy));
  const path = shop.own('productiontargets', 'web');
  denied(t, await stage.ordinary('DELETE', path), 'guard-targets', /verb unprotect/);
  denied(t, await stage.ordinary('DELETE', shop.own('productiontargets')), 'guard-targets');
  denied(t, await stage.ordinary('PATCH', path, { spec: { liveAccess: 'Allow' } }), 'guard-targets');
  denied(t, await stage.wildcard('PATCH', `${policies}/strict`, { spec: { quorum: [{ count: 1 }] } }), 'guard-targets');
  denied(t, await stage.wildcard('DELETE', `${policies}/strict`), 'guard-targets');
  const gone = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-4000-8000-000000000000' };
  const owned = { metadata: { ownerReferences: [gone] } };
  denied(t, await stage.ordinary('PATCH', path, owned), 'guard-targets', /given an owner/);
  denied(t, await stage.wildcard('PATCH', `${policies}/strict`, owned), 'guard-targets', /given an owner/);
  allowed(t, await stage.ordinary('PATCH', path, { metadata: { labels: { team: 'a' } } }));
  allowed(t, await stage.platform('PATCH', path, { spec: { liveAccess: 'Allow' } }));
  allowed(t, await stage.platform('PATCH', path, { metadata: { annotations: { 'twinlock.dev/unprotect': 'web' } } }));
  allowed(t, await stage.platform('DELETE', path));
});

test('denied: a target, a second policy or a missing keyring made without the verb unprotect; allowed: with it', async (t) => {
  const apiVersion = 'twinlock.dev/v1alpha1';
  await must(stage.admin('POST', '/api/v1/namespaces', namespace('others')));
  const own = '/apis/twinlock.dev/v1alpha1';
  const metadata = { name: 'made' };
  const target = {
    apiVersion,
    kind: 'ProductionTarget',
    metadata,
    spec: { workloads: [{ kind: 'Deployment', name: 'web' }] },
  };
  const policy = { apiVersion, kind: 'ApprovalPolicy', metadata, spec: { default: true } };
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO5PBqOUXqAiMlbDtnXz8f8JY0q2Hg1fK5p0yHvUjz7w';
  const keyring = {
    apiVersion,
    kind: 'ApproverKeyring',
    metadata,
    spec: { principals: [{ name: 'mallory', keys: [{ publicKey: key }] }] },
  };
  const made: Readonly<Record<string, object>> = {
    [`${own}/namespaces/others/productiontargets`]: target,
    [`${own}/approvalpolicies`]: policy,
    [`${own}/approverkeyrings`]: keyring,
  };
  for (const [path, object] of Object.entries(made)) {
    denied(t, await stage.ordinary('POST', path, object), 'guard-targets', /verb unprotect/, path);
    denied(t, await stage.wildcard('POST', path, object), 'guard-targets', /verb unprotect/, path);
    allowed(t, await stage.platform('POST', `${path}?dryRun=All`, object));
  }
  for (const where of ['kube-system', 'kube-public', 'twinlock-system']) {
    const path = `${own}/namespaces/${where}/productiontargets`;
    denied(t, await stage.admin('POST', path, target), 'guard-targets', /cannot be production/, where);
  }
});

test("denied: what answers for Kubernetes' own groups replaced; allowed: other services, and v1. by an admin", async (t) => {
  const path = '/apis/apiregistration.k8s.io/v1/apiservices';
  const mine = { spec: { service: { namespace: 'default', name: 'mine' }, insecureSkipTLSVerify: true } };
  for (const name of ['v1.', 'v1.apps', 'v1.admissionregistration.k8s.io', 'v1.authorization.k8s.io']) {
    denied(t, await stage.wildcard('PATCH', `${path}/${name}?dryRun=All`, mine), 'guard-definitions', undefined, name);
    const note = { metadata: { annotations: { note: 'x' } } };
    allowed(t, await stage.admin('PATCH', `${path}/${name}`, note));
  }
  const other = {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.other.example' },
    spec: { group: 'other.example', version: 'v1', groupPriorityMinimum: 100, versionPriority: 100, ...mine.spec },
  };
  allowed(t, await stage.wildcard('POST', `${path}?dryRun=All`, other));
});

test("denied: tokens of the operator's accounts, minted or as a Secret; allowed: for a kubelet's pods", async (t) => {
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const path = `${system}/serviceaccounts/twinlock-promotions/token`;
  denied(t, await stage.agent('POST', path, request), 'guard-system', /verb upgrade/);
  denied(t, await stage.wildcard('POST', path, request), 'guard-system');
  denied(
    t,
    await stage.wildcard('POST', `${system}/secrets`, secret('kubernetes.io/service-account-token')),
    'guard-system',
  );
  allowed(t, await stage.wildcard('POST', `${system}/secrets`, secret('Opaque')));
  const command = await stage.cluster.kubectl(['-n', 'twinlock-system', 'create', 'token', 'twinlock-promotions'], {
    as: stage.files.agent,
    check: false,
  });
  deniedCommand(t, command, 'guard-system');
  const as = await stage.cluster.persona('system:node:node-1', { groups: ['system:nodes'] });
  const byKubelet = await stage.cluster.request('POST', path, { as, body: request });
  t.false(JSON.stringify(byKubelet.body).includes('twinlock-guard'), 'left to NodeRestriction and RBAC');
});

test("denied: pods, workloads, scaling and exec in the operator's namespace; allowed: an upgrade by an admin", async (t) => {
  const spec = { replicas: 1, selector: { matchLabels: { app: 'twinlock' } }, template: template('twinlock') };
  const deployments = '/apis/apps/v1/namespaces/twinlock-system/deployments';
  const deployment = { metadata: { name: 'promotions' }, spec };
  denied(t, await stage.wildcard('POST', deployments, deployment), 'guard-system', /verb upgrade/);
  allowed(t, await stage.admin('POST', deployments, deployment));
  const path = `${deployments}/promotions`;
  const evil = { spec: { template: template('twinlock', { containers: [{ name: 'twinlock', image: images.evil }] }) } };
  denied(t, await stage.wildcard('PATCH', path, evil), 'guard-system');
  denied(t, await stage.wildcard('PATCH', `${path}/scale`, { spec: { replicas: 0 } }), 'guard-system');
  denied(t, await stage.wildcard('DELETE', path), 'guard-system');
  const own = pod('mine', { serviceAccountName: 'twinlock-promotions' });
  denied(t, await stage.wildcard('POST', `${system}/pods`, own), 'guard-system');
  for (const [kind, body] of [
    [
      'jobs',
      {
        metadata: { name: 'j' },
        spec: { template: template('j', { restartPolicy: 'Never', serviceAccountName: 'twinlock-promotions' }) },
      },
    ],
    [
      'cronjobs',
      {
        metadata: { name: 'c' },
        spec: { schedule: '* * * * *', jobTemplate: { spec: { template: template('c', { restartPolicy: 'Never' }) } } },
      },
    ],
  ] as const) {
    denied(
      t,
      await stage.wildcard('POST', `/apis/batch/v1/namespaces/twinlock-system/${kind}`, body),
      'guard-system',
      undefined,
      kind,
    );
  }
  const { body } = await stage.admin('GET', `${system}/pods`);
  const [running] = (body as { readonly items: readonly Live[] }).items;
  const one = `${system}/pods/${running?.metadata.name}`;
  denied(t, await stage.wildcard('POST', `${one}/exec?command=id&stdout=true`), 'guard-system');
  const debug = { spec: { ephemeralContainers: [{ name: 'debug', image: images.evil }] } };
  denied(t, await stage.wildcard('PATCH', `${one}/ephemeralcontainers`, debug), 'guard-system');
  const [container] = (running?.spec['containers'] ?? []) as readonly Json[];
  denied(
    t,
    await stage.wildcard('PATCH', one, { spec: { containers: [{ ...container, image: images.evil }] } }),
    'guard-system',
  );
  allowed(t, await stage.wildcard('PATCH', one, { metadata: { annotations: { note: 'x' } } }));
  denied(t, await stage.wildcard('DELETE', system), 'guard-namespaces', /verb upgrade/);
});

test("denied: the front door's routes and the root certificate of the operator's namespace changed; allowed: other ConfigMaps", async (t) => {
  const maps = `${system}/configmaps`;
  const routes = { metadata: { name: 'twinlock-front-door' }, data: { Caddyfile: ':8080 { reverse_proxy web.shop }' } };
  denied(t, await stage.agent('POST', maps, routes), 'guard-system', /verb upgrade/);
  allowed(t, await stage.admin('POST', maps, routes));
  denied(t, await stage.wildcard('PATCH', `${maps}/twinlock-front-door`, { data: { Caddyfile: '' } }), 'guard-system');
  denied(t, await stage.wildcard('DELETE', `${maps}/twinlock-front-door`), 'guard-system');
  const root = `${maps}/kube-root-ca.crt`;
  denied(t, await stage.agent('PATCH', root, { data: { 'ca.crt': 'mine' } }), 'guard-system');
  allowed(t, await stage.agent('POST', maps, { metadata: { name: 'other' } }));
  // What the controller lost it makes again, through the guard.
  await must(stage.admin('DELETE', root));
  await waitFor('the root certificate is published again', async () => (await stage.admin('GET', root)).status === 200);
});

test('denied: what is held by its name, deleted with all others of its kind', async (t) => {
  for (const resource of [
    '/api/v1/namespaces/twinlock-system/serviceaccounts',
    '/apis/coordination.k8s.io/v1/namespaces/twinlock-system/leases',
  ]) {
    const lease = { metadata: { name: 'twinlock-promotions' } };
    if (resource.endsWith('leases')) await must(stage.promotions('POST', resource, lease));
    denied(
      t,
      await stage.wildcard('DELETE', `${resource}?fieldSelector=metadata.name%3Dtwinlock-promotions`),
      'guard-system',
      undefined,
      resource,
    );
    denied(t, await stage.wildcard('DELETE', `${resource}/twinlock-promotions`), 'guard-system', undefined, resource);
  }
  const maps = '/api/v1/namespaces/kube-system/configmaps';
  const one = 'extension-apiserver-authentication';
  denied(t, await stage.wildcard('DELETE', `${maps}?fieldSelector=metadata.name%3D${one}`), 'guard-cluster');
  denied(t, await stage.wildcard('DELETE', `${maps}/${one}`), 'guard-cluster');
});

test('denied: what says how far the records have come, and the key that signs it, written by anybody else; allowed: an upgrade', async (t) => {
  const key = { metadata: { name: 'twinlock-record-key' }, data: { 'private-key': 'bWluZQ==' } };
  const heads = { metadata: { name: 'twinlock-record-heads' }, data: { keys: 'mine', 'shop.web': 'cut' } };
  const environments = 'guard-records|guard-environments';
  for (const [plural, body] of [
    ['secrets', key],
    ['secrets', { metadata: { name: 'twinlock-configuration-key' }, data: { key: 'bWluZQ==' } }],
    ['configmaps', heads],
  ] as const) {
    const one = `${system}/${plural}/${body.metadata.name}`;
    for (const [who, send] of [
      ['agent', stage.agent],
      ['ordinary', stage.ordinary],
      ['wildcard', stage.wildcard],
      ['environments', stage.environments],
    ] as const) {
      const policy = who === 'environments' ? environments : 'guard-records';
      denied(t, await send('POST', `${system}/${plural}`, body), policy, undefined, `${who} first`);
    }
    await must(
      stage.promotions(
        'PATCH',
        `${one}?fieldManager=test`,
        { apiVersion: 'v1', kind: plural === 'secrets' ? 'Secret' : 'ConfigMap', ...body },
        { contentType: 'application/apply-patch+yaml' },
      ),
    );
    denied(t, await stage.wildcard('PATCH', one, { data: { more: 'bWluZQ==' } }), 'guard-records', /verb upgrade/);
    denied(t, await stage.wildcard('PATCH', one, { metadata: { labels: { a: 'b' } } }), 'guard-records');
    denied(t, await stage.wildcard('DELETE', one), 'guard-records');
    denied(
      t,
      await stage.ordinary('DELETE', `${system}/${plural}?fieldSelector=metadata.name%3D${body.metadata.name}`),
      'guard-records',
      undefined,
      'the whole collection',
    );
    const minted = await stage.withToken('twinlock-system', 'twinlock-promotions');
    denied(t, await minted('PATCH', one, { metadata: { labels: { a: 'b' } } }), 'guard-records');
    allowed(t, await stage.admin('DELETE', one));
  }
});

test('denied: the environments process outside of environments; allowed: all that it needs', async (t) => {
  const shop = await Production.open(stage, 'shop-prod');
  const map = { metadata: { name: 'x' } };
  const write = stage.environments;
  denied(t, await write('POST', shop.core('configmaps'), map), 'guard-environments', /in no environment/);
  denied(t, await write('POST', '/api/v1/namespaces/default/secrets', map), 'guard-environments');
  denied(t, await write('POST', '/api/v1/namespaces/kube-system/pods', pod('x')), 'guard-environments');
  const binding = {
    metadata: { name: 'x' },
    // A role that it holds itself: RBAC would let it.
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'test-ordinary' },
    subjects: [],
  };
  denied(
    t,
    await write('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', binding),
    'guard-environments',
  );
  denied(t, await write('DELETE', '/api/v1/namespaces/default/serviceaccounts/default'), 'guard-environments');
  denied(
    t,
    await write('POST', `${shop.core('serviceaccounts', 'default')}/token`, { spec: {} }),
    'guard-environments',
  );
  denied(t, await write('POST', '/api/v1/namespaces', namespace('loose')), 'guard-environments', /is no environment/);
  denied(
    t,
    await write('PATCH', '/api/v1/namespaces/default', { metadata: { labels: { 'twinlock.dev/environment': 'x' } } }),
    'guard-environments',
  );

  const own = { 'twinlock.dev/environment': 'pr-9', 'twinlock.dev/environment-namespace': 'default' };
  allowed(t, await write('POST', '/api/v1/namespaces', namespace('pr-9-a1b2', own)));
  await must(stage.admin('GET', '/api/v1/namespaces/pr-9-a1b2'));
  allowed(t, await write('POST', '/api/v1/namespaces/pr-9-a1b2/configmaps', map));
  denied(
    t,
    await write('PATCH', '/api/v1/namespaces/pr-9-a1b2', {
      metadata: { labels: { 'twinlock.dev/environment': null } },
    }),
    'guard-environments',
  );
  const event = { metadata: { generateName: 'e-' }, involvedObject: { namespace: 'default' } };
  allowed(t, await write('POST', '/api/v1/namespaces/default/events', event));
  const lease = { metadata: { name: 'twinlock-environments' }, spec: {} };
  allowed(t, await write('POST', '/apis/coordination.k8s.io/v1/namespaces/twinlock-system/leases', lease));
  denied(
    t,
    await write('POST', '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases', lease),
    'guard-environments',
  );
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { nonResourceAttributes: { path: '/', verb: 'get' } },
  };
  allowed(t, await write('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review));
  allowed(t, await write('DELETE', '/api/v1/namespaces/pr-9-a1b2'));
});

test('denied: the promotions process where nothing is protected; allowed: what it asks there, and its own objects', async (t) => {
  const shop = await Production.open(stage, 'held-shop');
  await must(stage.admin('POST', '/api/v1/namespaces', namespace('elsewhere')));
  const apps = '/apis/apps/v1/namespaces/elsewhere/deployments';
  await must(stage.admin('POST', '/api/v1/namespaces/elsewhere/pods', pod('theirs')));
  await must(stage.admin('POST', apps, deployment('theirs')));
  const write = stage.promotions;
  const theirs = '/api/v1/namespaces/elsewhere/pods/theirs';
  denied(t, await write('DELETE', theirs), 'guard-promotions', /in no protected namespace/);
  denied(t, await write('PATCH', `${apps}/theirs`, { spec: { replicas: 3 } }), 'guard-promotions');
  denied(t, await write('POST', '/api/v1/namespaces/elsewhere/pods', pod('mine')), 'guard-promotions');
  const headers = { 'impersonate-user': 'system:serviceaccount:twinlock-system:twinlock-promotions' };
  denied(t, await stage.wildcard('DELETE', theirs, undefined, { headers }), 'guard-promotions');
  allowed(t, await write('POST', '/api/v1/namespaces/elsewhere/pods?dryRun=All', pod('mine')));
  allowed(t, await write('PATCH', `${apps}/theirs?dryRun=All`, { spec: { replicas: 3 } }));
  allowed(
    t,
    await write('POST', '/apis/twinlock.dev/v1alpha1/namespaces/elsewhere/workloadlocks', lock('elsewhere', [])),
  );

  const own = `/api/v1/namespaces/${shop.namespace}`;
  const self = { kind: 'ServiceAccount', name: 'twinlock-promotions', namespace: 'twinlock-system' };
  const binding = bindingOf(shop.namespace, 'twinlock-configuration', self);
  await must(stage.admin('POST', rolesOf(shop.namespace), binding));
  for (const resource of ['secrets', 'configmaps'])
    for (const [name, labels] of Object.entries({ plain: {}, leaving: { 'twinlock.dev/unreferenced': 'Delete' } }))
      await must(stage.admin('POST', `${own}/${resource}`, { metadata: { name, labels } }));
  for (const resource of ['secrets', 'configmaps'])
    await shop.until(
      'it may delete what is labelled so',
      async () => (await write('DELETE', `${own}/${resource}/leaving`)).status === 200,
    );
  denied(t, await write('DELETE', `${own}/secrets/plain`), 'guard-promotions', /deletes no other Secret/);
  denied(t, await write('DELETE', `${own}/configmaps/plain`), 'objects', /writes nothing else/);
  const safety = { 'pod-security.kubernetes.io/enforce': 'privileged' };
  denied(t, await write('PATCH', own, { metadata: { labels: safety } }), 'guard-promotions', /nothing else/);
  denied(t, await write('PATCH', own, { metadata: { annotations: { a: 'b' } } }), 'guard-promotions');
  allowed(t, await write('PATCH', own, unlabel));
  allowed(t, await write('PATCH', own, { metadata: { labels: { 'twinlock.dev/protected': 'true' } } }));
});

const bindingOf = (at: string, role: string, subject: Json): Json => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'twinlock-configuration', namespace: at },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [subject],
});
const rolesOf = (at: string): string => `/apis/rbac.authorization.k8s.io/v1/namespaces/${at}/rolebindings`;
const pathOf = (at: string): string => `${rolesOf(at)}/twinlock-configuration?fieldManager=x`;

test('denied: rights given away and the cluster itself labelled as production, with a stolen token of the promotions process', async (t) => {
  const shop = await Production.open(stage, 'bound-shop');
  const minted = await stage.withToken('twinlock-system', 'twinlock-promotions');
  const apply = { contentType: 'application/apply-patch+yaml' };
  const mallory = { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'mallory' };
  const self = { kind: 'ServiceAccount', name: 'twinlock-promotions', namespace: 'twinlock-system' };
  const refused = /binds the one role to itself/;
  for (const [who, send] of Object.entries({ process: stage.promotions, minted })) {
    // The role of the process has the verb rollback, and update of every workload.
    for (const role of ['twinlock-promotions', 'twinlock-configuration']) {
      const given = bindingOf(shop.namespace, role, mallory);
      denied(
        t,
        await send('PATCH', pathOf(shop.namespace), given, apply),
        'guard-promotions',
        refused,
        `${who} ${role}`,
      );
    }
    const wide = bindingOf(shop.namespace, 'twinlock-promotions', self);
    denied(t, await send('PATCH', pathOf(shop.namespace), wide, apply), 'guard-promotions', refused, who);
    const system = bindingOf('twinlock-system', 'twinlock-configuration', self);
    denied(t, await send('PATCH', pathOf('twinlock-system'), system, apply), 'guard-promotions', undefined, who);
  }
  const own = bindingOf(shop.namespace, 'twinlock-configuration', self);
  denied(t, await minted('PATCH', pathOf(shop.namespace), own, apply), 'guard-promotions', refused);
  allowed(t, await stage.promotions('PATCH', pathOf(shop.namespace), own, apply));

  for (const name of ['kube-system', 'twinlock-system'])
    for (const value of ['true', 'warn']) {
      const change = { metadata: { labels: { 'twinlock.dev/protected': value } } };
      const answer = await stage.promotions('PATCH', `/api/v1/namespaces/${name}`, change);
      denied(t, answer, 'guard-promotions', /cannot be production/, `${name} ${value}`);
    }
  const service = { metadata: { name: 'mine' }, spec: { type: 'ExternalName', externalName: 'evil.example' } };
  denied(t, await stage.promotions('POST', `${system}/services`, service), 'guard-promotions');
  denied(t, await stage.promotions('POST', `${system}/configmaps`, { metadata: { name: 'mine' } }), 'guard-promotions');
});

test('denied: the environments process by name only, or an unbound token of it: the same bounds', async (t) => {
  const headers = { 'impersonate-user': 'system:serviceaccount:twinlock-system:twinlock-environments' };
  denied(
    t,
    await stage.agent('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'x' } }, { headers }),
    'guard-environments',
  );
});
