import { dirname, join } from 'node:path';
import test from 'ava';
import type { Answer } from '../harness/index.ts';
import { readKubeconfig, writeKubeconfig } from '../harness/kubeconfig.ts';
import { allowed, denied } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Send, type Stage } from '../stage/attack.ts';
import { messageOf, namespace, pod } from '../stage/objects.ts';
import { bind, user, type Json } from '../stage/stage.ts';

let stage: Stage;
let attackers: readonly (readonly [string, Send])[];
test.before(async () => {
  stage = await openAttack({ apiServerFlags: { 'enable-bootstrap-token-auth': 'true' } });
  for (const name of ['kube-system', 'kube-public', 'twinlock-system']) {
    await stage.letIn(name);
  }
  attackers = [
    ['edit', stage.agent],
    ['a namespaced wildcard', stage.namespaced],
    ['ordinary verbs', stage.ordinary],
    ['a wildcard', stage.wildcard],
  ];
});
test.after.always(async () => {
  await stage?.stop();
});

const kubeSystem = '/api/v1/namespaces/kube-system';
const system = '/api/v1/namespaces/twinlock-system';
const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** Each attacker is refused; RBAC refuses some of them first, and somebody must come as far as the policy. */
async function nobody(
  t: Parameters<typeof denied>[0],
  what: string,
  policy: string,
  attempt: (send: Send) => Promise<Answer>,
): Promise<void> {
  let judged = 0;
  for (const [who, send] of attackers) {
    const answer = await attempt(send);
    t.is(answer.status, 403, `${what} by ${who}: ${messageOf(answer)}`);
    if (/ cannot [a-z]+ resource /.test(messageOf(answer))) continue;
    denied(t, answer, policy, /verb upgrade/, `${what} by ${who}`);
    judged += 1;
  }
  t.true(judged > 0, `${what}: RBAC alone refused everybody`);
}

const tokenSecret = (id: string): Json => ({
  metadata: { name: `bootstrap-token-${id}` },
  type: 'bootstrap.kubernetes.io/token',
  stringData: {
    'token-id': id,
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
    'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
  },
});

test('denied: a bootstrap token, which joins a node, made or changed; allowed: by an admin, and other Secrets', async (t) => {
  const secrets = `${kubeSystem}/secrets`;
  await nobody(t, 'a bootstrap token', 'guard-cluster', (send) => send('POST', secrets, tokenSecret('abcdef')));
  await must(stage.admin('POST', secrets, tokenSecret('123456')));
  const mine = { stringData: { 'token-secret': 'fedcba9876543210' } };
  const path = `${secrets}/bootstrap-token-123456`;
  await nobody(t, 'the token of another', 'guard-cluster', (send) => send('PATCH', path, mine));
  // What it is worth: whoever has it is one of those whose certificates of nodes are approved by themselves.
  const { endpoint } = await readKubeconfig(stage.cluster.kubeconfig);
  const file = join(dirname(stage.cluster.kubeconfig), 'joining.kubeconfig');
  const joining = await writeKubeconfig(file, endpoint, { token: '123456.0123456789abcdef' });
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const whoami = await stage.cluster.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    as: joining,
    body: review,
  });
  t.regex(JSON.stringify(whoami.body), /system:bootstrappers:kubeadm:default-node-token/);
  const plain = { metadata: { generateName: 'bootstrap-token-' }, type: 'Opaque', stringData: { 'token-id': 'x' } };
  for (const [, send] of attackers) allowed(t, await send('POST', secrets, plain));
  allowed(t, await stage.ordinary('DELETE', path));
});

test('denied: what nodes, kubeadm and aggregated servers start from, changed; allowed: by an admin, and other ConfigMaps', async (t) => {
  const maps: Readonly<Record<string, string>> = {
    'extension-apiserver-authentication': kubeSystem,
    'kubeadm-config': kubeSystem,
    'kubelet-config': kubeSystem,
    'cluster-info': '/api/v1/namespaces/kube-public',
  };
  for (const [name, where] of Object.entries(maps)) {
    const path = `${where}/configmaps/${name}`;
    const made = await stage.admin('POST', `${where}/configmaps`, { metadata: { name }, data: { a: 'b' } });
    t.true([201, 409].includes(made.status), messageOf(made));
    await nobody(t, name, 'guard-cluster', (send) => send('PATCH', path, { data: { a: 'mine' } }));
    await nobody(t, `${name} deleted`, 'guard-cluster', (send) => send('DELETE', path));
    allowed(t, await stage.admin('PATCH', path, { metadata: { labels: { a: 'b' } } }));
    allowed(t, await stage.ordinary('POST', `${where}/configmaps`, { metadata: { name: `other-${name}` } }));
  }
});

test("denied: a command in the pods of the control plane; allowed: left to RBAC in others'", async (t) => {
  for (const name of [
    'etcd-node-1',
    'kube-apiserver-node-1',
    'kube-controller-manager-node-1',
    'kube-scheduler-node-1',
  ]) {
    const path = `${kubeSystem}/pods/${name}`;
    await nobody(t, name, 'guard-cluster', (send) => send('POST', `${path}/exec?command=id&stdout=true`));
    await nobody(t, name, 'guard-cluster', (send) => send('POST', `${path}/attach?stdout=true`));
  }
  const other = await stage.ordinary('POST', `${kubeSystem}/pods/coredns-1/exec?command=id&stdout=true`);
  t.is(other.status, 404, messageOf(other));
  const byAdmin = await stage.admin('POST', `${kubeSystem}/pods/etcd-node-1/exec?command=id&stdout=true`);
  t.is(byAdmin.status, 404, messageOf(byAdmin));
});

test("denied: a pod of the operator bound to a node of one's own; allowed: by the scheduler, and elsewhere", async (t) => {
  const pending = await must(
    stage.admin(
      'POST',
      `${system}/pods`,
      pod('waiting', { schedulerName: 'nobody', serviceAccountName: 'twinlock-promotions' }),
    ),
  );
  const binding = { metadata: { name: 'waiting' }, target: { kind: 'Node', name: 'mine' } };
  const path = `${system}/pods/${pending.metadata.name}/binding`;
  await nobody(t, 'a binding', 'guard-system', (send) => send('POST', path, binding));
  await nobody(t, 'a binding by the old door', 'guard-system', (send) => send('POST', `${system}/bindings`, binding));
  const scheduler = await stage.cluster.persona('system:kube-scheduler');
  const bound = await stage.cluster.request('POST', path, { as: scheduler, body: binding });
  allowed(t, bound);
  await must(stage.admin('POST', '/api/v1/namespaces', namespace('mine')));
  await must(stage.admin('POST', '/api/v1/namespaces/mine/pods', pod('free', { schedulerName: 'nobody' })));
  const own = { ...binding, metadata: { name: 'free' } };
  allowed(t, await stage.ordinary('POST', '/api/v1/namespaces/mine/pods/free/binding', own));
});

test("denied: the operator's accounts, leases, stored releases and the addresses of its pods changed; allowed: by itself and an admin", async (t) => {
  const account = `${system}/serviceaccounts/twinlock-promotions`;
  const gone = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-4000-8000-000000000000' };
  await nobody(t, 'an account deleted', 'guard-system', (send) => send('DELETE', account));
  await nobody(t, 'an account given an owner', 'guard-system', (send) =>
    send('PATCH', account, { metadata: { ownerReferences: [gone] } }),
  );
  allowed(t, await stage.ordinary('POST', `${system}/serviceaccounts`, { metadata: { generateName: 'other-' } }));

  const leases = '/apis/coordination.k8s.io/v1/namespaces/twinlock-system/leases';
  const lease = { metadata: { name: 'twinlock-promotions' }, spec: { holderIdentity: 'me' } };
  await nobody(t, 'a lease', 'guard-system', (send) => send('POST', leases, lease));
  allowed(t, await stage.promotions('POST', leases, lease));
  await nobody(t, 'a lease taken', 'guard-system', (send) =>
    send('PATCH', `${leases}/twinlock-promotions`, { spec: { holderIdentity: 'mallory' } }),
  );
  await nobody(t, 'a lease deleted', 'guard-system', (send) => send('DELETE', `${leases}/twinlock-promotions`));

  const release = { metadata: { name: 'sh.helm.release.v1.twinlock.v1' }, type: 'helm.sh/release.v1' };
  await nobody(t, 'a stored release', 'guard-system', (send) => send('POST', `${system}/secrets`, release));
  allowed(t, await stage.admin('POST', `${system}/secrets`, release));
  await nobody(t, 'a release changed', 'guard-system', (send) =>
    send('PATCH', `${system}/secrets/sh.helm.release.v1.twinlock.v1`, { stringData: { release: 'mine' } }),
  );
  await nobody(t, 'a release in a ConfigMap', 'guard-system', (send) =>
    send('POST', `${system}/configmaps`, { metadata: { name: 'sh.helm.release.v1.twinlock.v1' } }),
  );

  const { metadata } = await must(stage.admin('POST', `${system}/pods`, pod('addressed', { schedulerName: 'nobody' })));
  const path = `${system}/pods/${metadata.name}/status`;
  const forged = { status: { podIP: '203.0.113.9', podIPs: [{ ip: '203.0.113.9' }] } };
  await nobody(t, 'an address', 'guard-system', (send) => send('PATCH', path, forged));
  // As a network plugin writes it: an annotation, by way of the status.
  allowed(
    t,
    await stage.ordinary('PATCH', path, { metadata: { annotations: { 'cni.projectcalico.org/podIP': '10.0.0.1' } } }),
  );
});

test("denied: a server of one's own for the groups that Kubernetes' controllers read; allowed: other services", async (t) => {
  const services = '/apis/apiregistration.k8s.io/v1/apiservices';
  const mine = { spec: { service: { namespace: 'default', name: 'mine' }, insecureSkipTLSVerify: true } };
  for (const name of [
    'v1.certificates.k8s.io',
    'v1.batch',
    'v1.policy',
    'v1.networking.k8s.io',
    'v1.coordination.k8s.io',
  ]) {
    await nobody(t, name, 'guard-definitions', (send) => send('PATCH', `${services}/${name}?dryRun=All`, mine));
    await nobody(t, name, 'guard-definitions', (send) => send('DELETE', `${services}/${name}?dryRun=All`));
  }
  const metrics = {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1beta1.metrics.k8s.io' },
    spec: {
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      ...mine.spec,
    },
  };
  allowed(t, await stage.ordinary('POST', `${services}?dryRun=All`, metrics));
});

test('every group that the API server answers for itself is guarded', async (t) => {
  interface Service {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly service?: object };
  }
  const { items } = (await must(stage.admin('GET', '/apis/apiregistration.k8s.io/v1/apiservices'))) as unknown as {
    readonly items: readonly Service[];
  };
  const own = items.filter(({ spec }) => spec.service === undefined);
  t.true(own.length > 15);
  for (const { metadata } of own) {
    const path = `/apis/apiregistration.k8s.io/v1/apiservices/${metadata.name}?dryRun=All`;
    denied(t, await stage.ordinary('DELETE', path), 'guard-definitions', undefined, metadata.name);
  }
});

test('denied by Kubernetes itself: roles of Twinlock bound, widened or gathered into edit by ordinary verbs', async (t) => {
  const binding = bind('twinlock-admin', user('ordinary'));
  const refused: Readonly<Record<string, Answer>> = {
    bound: await stage.ordinary('POST', `${rbac}/clusterrolebindings`, binding),
    gathered: await stage.ordinary('PATCH', `${rbac}/clusterroles/twinlock-admin`, {
      metadata: { labels: { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' } },
    }),
    widened: await stage.ordinary('POST', `${rbac}/clusterroles`, {
      metadata: { name: 'wider', labels: { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' } },
      rules: [{ apiGroups: ['twinlock.dev'], resources: ['productiontargets'], verbs: ['unprotect'] }],
    }),
    aggregating: await stage.ordinary('POST', `${rbac}/clusterroles`, {
      metadata: { name: 'gathering' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'app.kubernetes.io/part-of': 'twinlock' } }] },
    }),
  };
  for (const [what, answer] of Object.entries(refused)) {
    t.is(answer.status, 403, what);
    t.regex(messageOf(answer), /attempting to grant RBAC permissions|must have cluster-admin privileges/, what);
  }
  const plain = { metadata: { name: 'plain' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] };
  allowed(t, await stage.ordinary('POST', `${rbac}/clusterroles`, plain));
});

test('denied: a protected namespace, a target or a Promotion that the garbage collector would delete for somebody', async (t) => {
  const shop = await Production.open(stage, 'collected');
  const path = '/api/v1/namespaces/collected';
  const gone = { apiVersion: 'v1', kind: 'Namespace', name: 'gone', uid: '00000000-0000-4000-8000-000000000000' };
  const collector = await stage.withToken('kube-system', 'generic-garbage-collector');
  await must(stage.ordinary('PATCH', path, { metadata: { ownerReferences: [gone] } }));
  denied(t, await collector('DELETE', path), 'guard-namespaces', /verb unprotect/);
  const promotion = {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'Promotion',
    metadata: { name: 'web-42' },
    spec: { environmentRef: { namespace: 'shop-dev', name: 'pr-42' }, targetRef: { name: 'web' } },
  };
  await must(stage.agent('POST', shop.own('promotions'), promotion));
  const owned = { metadata: { ownerReferences: [{ ...gone, kind: 'ConfigMap' }] } };
  denied(t, await stage.agent('PATCH', shop.own('promotions', 'web-42'), owned), 'votes', /given an owner/);
  allowed(t, await stage.agent('PATCH', shop.own('promotions', 'web-42'), { metadata: { labels: { a: 'b' } } }));
});

test("denied: a class or a twin of one's own, which admits one's own environments; allowed: by the platform", async (t) => {
  const own = '/apis/twinlock.dev/v1alpha1';
  const apiVersion = 'twinlock.dev/v1alpha1';
  const kindOf = (kind: string, spec: Json): Json => ({ apiVersion, kind, metadata: { name: 'mine' }, spec });
  const digest = `sha256:${'a'.repeat(64)}`;
  const made: Readonly<Record<string, Json>> = {
    twinclasses: kindOf('TwinClass', { namespaceSelector: { matchLabels: { mine: 'true' } } }),
    vendortwins: kindOf('VendorTwin', {
      vendor: 'mine',
      versions: [{ version: 'v1', image: `registry.example/x@${digest}`, port: 80 }],
    }),
  };
  for (const [plural, object] of Object.entries(made)) {
    const path = `${own}/${plural}`;
    for (const [who, send] of [
      ['ordinary', stage.ordinary],
      ['wildcard', stage.wildcard],
    ] as const) {
      denied(t, await send('POST', path, object), 'guard-targets', /verb unprotect/, `${plural} by ${who}`);
    }
    allowed(t, await stage.platform('POST', path, object));
    denied(t, await stage.ordinary('PATCH', `${path}/mine`, { spec: { default: true, vendor: 'x' } }), 'guard-targets');
    denied(t, await stage.ordinary('DELETE', `${path}/mine`), 'guard-targets', /verb unprotect/);
    allowed(t, await stage.platform('DELETE', `${path}/mine`));
  }
});
