import test from 'ava';
import { renderPolicies } from '../../operator/admission/index.ts';
import { CONTROLLER_ACCOUNTS } from '../../operator/admission/who.ts';
import { hasMutatingPolicies, waitFor } from '../harness/index.ts';
import { allowed, denied } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, namespace, pod, template } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack({ overgranted: ['environments'] });
});
test.after.always(async () => {
  await stage?.stop();
});

const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
const kubeSystem = '/api/v1/namespaces/kube-system';
const tokenOf = (account: string): string => `${kubeSystem}/serviceaccounts/${account}/token`;
const annotationOf = (account: string): Json => ({ 'kubernetes.io/service-account.name': account });
const secretOf = (name: string, account: string): Json => ({
  metadata: { name, annotations: annotationOf(account) },
  type: 'kubernetes.io/service-account-token',
});

const target: Json = {
  apiVersion: 'twinlock.dev/v1alpha1',
  kind: 'ProductionTarget',
  metadata: { name: 'web' },
  spec: { workloads: [{ kind: 'Deployment', name: 'web' }] },
};
const record: Json = {
  apiVersion: 'twinlock.dev/v1alpha1',
  kind: 'PromotionRecord',
  metadata: { name: 'web-000001' },
  spec: {
    type: 'Adopted',
    target: { namespace: 'any', name: 'web', uid: 'u' },
    sequence: 1,
    digest: `sha256:${'0'.repeat(64)}`,
    time: '2026-11-21T08:00:00Z',
    currentSpecs: [],
  },
};

/** A protected namespace with everything that stands for its protection. */
async function guarded(name: string): Promise<Production> {
  const shop = await Production.open(stage, name);
  await must(stage.admin('POST', shop.own('productiontargets'), target));
  await must(stage.promotions('POST', shop.own('promotionrecords'), record));
  return shop;
}

test("denied: a token of any of Kubernetes' controllers, minted by who may edit kube-system", async (t) => {
  for (const account of CONTROLLER_ACCOUNTS) {
    // Not every controller runs here; whoever asks for its token may make the account, too.
    const made = await stage.agent('POST', `${kubeSystem}/serviceaccounts`, { metadata: { name: account } });
    t.true([201, 409].includes(made.status));
    denied(t, await stage.agent('POST', tokenOf(account), request), 'guard-controllers', /verb upgrade/, account);
  }
  denied(t, await stage.wildcard('POST', tokenOf('namespace-controller'), request), 'guard-controllers');
  denied(
    t,
    await stage.environments('POST', tokenOf('namespace-controller'), request),
    'guard-controllers|guard-environments',
  );
});

test('denied: a controller manager by name only, who would mint tokens of its controllers', async (t) => {
  const headers = { 'impersonate-user': 'system:kube-controller-manager' };
  const path = tokenOf('namespace-controller');
  denied(t, await stage.admin('POST', path, request, { headers }), 'guard-controllers');
});

test("denied: a Secret that the token controller would fill with a controller's token; allowed: other Secrets", async (t) => {
  const secrets = `${kubeSystem}/secrets`;
  denied(t, await stage.wildcard('POST', secrets, secretOf('mine', 'namespace-controller')), 'guard-controllers');
  allowed(t, await stage.wildcard('POST', secrets, secretOf('other', 'default')));
  const turned = { metadata: { annotations: annotationOf('clusterrole-aggregation-controller') }, data: null };
  denied(t, await stage.wildcard('PATCH', `${secrets}/other`, turned), 'guard-controllers');
  allowed(t, await stage.wildcard('PATCH', `${secrets}/other`, { metadata: { labels: { a: 'b' } } }));
  allowed(t, await stage.wildcard('POST', secrets, { metadata: { name: 'plain' } }));
});

test("denied: a pod with a controller's account, by hand and through a template; allowed: other pods", async (t) => {
  const pods = `${kubeSystem}/pods`;
  const evil = pod('mine', { serviceAccountName: 'namespace-controller' });
  denied(t, await stage.wildcard('POST', pods, evil), 'guard-controllers');
  const old = pod('mine', { serviceAccount: 'namespace-controller' });
  denied(t, await stage.wildcard('POST', pods, old), 'guard-controllers');
  const made = deployment('mine', { template: template('mine', { serviceAccountName: 'namespace-controller' }) });
  allowed(t, await stage.wildcard('POST', '/apis/apps/v1/namespaces/kube-system/deployments', made));
  await waitFor('the ReplicaSet controller is refused', async (seen) => {
    const { items } = (await must(stage.admin('GET', `${kubeSystem}/events`))) as unknown as {
      readonly items: readonly { readonly message?: string }[];
    };
    seen(items.map(({ message }) => message));
    return items.some(({ message }) => message?.includes("'twinlock-guard-controllers'"));
  });
  allowed(t, await stage.wildcard('POST', pods, pod('plain')));
});

test('allowed: tokens of other accounts by who may; of controllers by the controller manager and with the verb upgrade', async (t) => {
  allowed(t, await stage.agent('POST', tokenOf('default'), request));
  allowed(t, await stage.manager('POST', tokenOf('namespace-controller'), request));
  allowed(t, await stage.admin('POST', tokenOf('namespace-controller'), request));
});

test('allowed: a controller whose account was lost gets another one and works on', async (t) => {
  const path = `${kubeSystem}/serviceaccounts/deployment-controller`;
  const before = await must(stage.admin('GET', path));
  await must(stage.admin('DELETE', path));
  await must(stage.admin('POST', '/api/v1/namespaces', namespace('honest')));
  const deployments = '/apis/apps/v1/namespaces/honest/deployments';
  await must(stage.admin('POST', deployments, deployment('web')));
  // Until then each change gives the controller something to write, which it cannot with the lost account's token.
  let round = 0;
  const uid = await waitFor(
    'the controller manager makes the account again',
    async () => {
      await stage.admin('PATCH', `${deployments}/web`, { spec: { replicas: 1 + (round++ % 2) } });
      const { status, body } = await stage.admin('GET', path);
      return status === 200 && (body as Live).metadata.uid !== before.metadata.uid && (body as Live).metadata.uid;
    },
    { timeout: 60_000 },
  );
  t.not(uid, before.metadata.uid);
  const change = { spec: { replicas: 3 } };
  await must(stage.admin('PATCH', `${deployments}/web`, change));
  await waitFor('it scales its ReplicaSet', async (seen) => {
    const sets = (await must(stage.admin('GET', '/apis/apps/v1/namespaces/honest/replicasets'))) as unknown as {
      readonly items: readonly Live[];
    };
    seen(sets.items.map(({ spec }) => spec['replicas']));
    return sets.items.some(({ spec }) => spec['replicas'] === 3);
  });
});

async function itemsOf<T>(path: string): Promise<readonly T[]> {
  return ((await must(stage.admin('GET', path))) as unknown as { readonly items: readonly T[] }).items;
}

/** A cloud's own controller manager runs these too and mints their tokens; the lock does not trust them. */
const OF_CLOUDS = ['node-controller', 'route-controller', 'service-controller'];

test("the list of controllers' accounts is that of the running cluster", async (t) => {
  interface Binding {
    readonly metadata: { readonly name: string };
    readonly subjects?: readonly { readonly name: string }[];
  }
  const bindings = await itemsOf<Binding>('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings');
  const bound = bindings
    .filter(({ metadata }) => metadata.name.startsWith('system:controller:'))
    .flatMap(({ subjects = [] }) => subjects.map(({ name }) => name));
  t.true(bound.length > 20, 'this is how Kubernetes names them');
  const accounts = await itemsOf<Live>(`${kubeSystem}/serviceaccounts`);
  const made = accounts.map(({ metadata }) => metadata.name).filter((name) => name !== 'default');
  const known = [...CONTROLLER_ACCOUNTS, ...OF_CLOUDS];
  t.deepEqual(
    [...bound, ...made].filter((name) => !known.includes(name)),
    [],
  );
});

test('every controller that a rule trusts has a guarded account, but for one that may say that a pod is lost', (t) => {
  const trusting = renderPolicies({ systemNamespace: 'twinlock-system', mutating: hasMutatingPolicies }).map(
    (policy) => ({
      name: policy.metadata.name,
      trusted: [...JSON.stringify(policy).matchAll(/system:serviceaccount:kube-system:([a-z-]+)/g)].map(
        ([, name]) => name,
      ),
    }),
  );
  const trusted = new Set(trusting.flatMap((each) => each.trusted));
  t.true(trusted.size > 10);
  t.deepEqual(
    [...trusted].filter((name) => !CONTROLLER_ACCOUNTS.includes(name ?? '')),
    ['node-controller'],
  );
  // Its tokens are minted by clouds, too; what it may say is Ready=False and DisruptionTarget (pod-status.test.ts).
  t.deepEqual(
    trusting.filter((each) => each.trusted.includes('node-controller')).map(({ name }) => name),
    ['twinlock-pods-live', 'twinlock-pod-writers'],
  );
});

test('denied: the lock, targets, records, workloads and the namespace removed by the namespace controller, while the namespace stays', async (t) => {
  const shop = await guarded('stays');
  const controller = await stage.withToken('kube-system', 'namespace-controller');
  denied(t, await controller('DELETE', shop.own('productiontargets', 'web')), 'guard-targets');
  denied(t, await controller('DELETE', shop.own('productiontargets')), 'guard-targets');
  denied(t, await controller('DELETE', shop.own('workloadlocks', 'lock')), 'operator-only');
  denied(t, await controller('DELETE', shop.own('promotionrecords', 'web-000001')), 'operator-only');
  denied(t, await controller('DELETE', shop.apps('Deployment', 'web')), 'delete');
  denied(t, await controller('DELETE', `/api/v1/namespaces/${shop.namespace}`), 'guard-namespaces');
});

test('denied: the lock or a record removed by the garbage collector, which owns nothing of them', async (t) => {
  const shop = await guarded('uncollected');
  const collector = await stage.withToken('kube-system', 'generic-garbage-collector');
  denied(t, await collector('DELETE', shop.own('workloadlocks', 'lock')), 'operator-only');
  denied(t, await collector('DELETE', shop.own('promotionrecords', 'web-000001')), 'operator-only');
});

test('allowed: a namespace goes with its target, lock and records, by the namespace controller', async (t) => {
  const shop = await guarded('goes');
  await shop.pods(1);
  const path = `/api/v1/namespaces/${shop.namespace}`;
  await must(stage.admin('PATCH', path, { metadata: { annotations: { 'twinlock.dev/unprotect': 'goes' } } }));
  await must(stage.admin('DELETE', path));
  // Nothing finishes the deletion of pods without a kubelet, so they are removed as it would.
  await shop.until('the namespace is gone', async () => {
    const { body } = await stage.admin('GET', shop.core('pods'));
    for (const { metadata } of (body as { readonly items?: readonly Live[] }).items ?? []) {
      await stage.admin('DELETE', `${shop.core('pods', metadata.name)}?gracePeriodSeconds=0`);
    }
    return (await stage.admin('GET', path)).status === 404;
  });
  t.is((await stage.admin('GET', path)).status, 404);
});
