import test from 'ava';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError, kubernetesVersion, sharedApi, startApi, waitFor } from '../harness/index.ts';
import type { Cluster } from '../harness/index.ts';

interface UserInfo {
  readonly username: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Whom the API server sees behind a kubeconfig. */
async function whoAmI(cluster: Cluster, as: string): Promise<UserInfo> {
  const { body } = await cluster.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    as,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  });
  return (body as { readonly status: { readonly userInfo: UserInfo } }).status.userInfo;
}

test('a persona is a client certificate with its user name and groups', async (t) => {
  const cluster = await sharedApi();
  const alice = await cluster.persona('alice', { groups: ['shop-approvers'] });
  const user = await whoAmI(cluster, alice);
  t.is(user.username, 'alice');
  t.deepEqual([...user.groups].sort(), ['shop-approvers', 'system:authenticated']);
  t.is(await cluster.persona('alice', { groups: ['shop-approvers'] }), alice);
  t.not(await cluster.persona('alice'), alice);
});

test('a persona has no rights until RBAC grants them', async (t) => {
  const cluster = await sharedApi();
  const bob = await cluster.persona('bob');
  const refused = await cluster.kubectl(['get', 'secrets', '-n', 'default'], { as: bob, check: false });
  t.is(refused.code, 1);
  t.regex(refused.stderr, /Forbidden.*"bob"/);
});

test('a bound token carries the pod and a credential id, as a running pod of the account does', async (t) => {
  const cluster = await sharedApi();
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'harness-bound-token' } }]);
  const { kubeconfig, pod } = await cluster.boundToken('harness-bound-token', 'default');
  const user = await whoAmI(cluster, kubeconfig);
  t.is(user.username, 'system:serviceaccount:harness-bound-token:default');
  t.deepEqual(user.extra?.['authentication.kubernetes.io/pod-name'], [pod]);
  t.regex(user.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '', /^JTI=/);
});

test('every caller gets the same shared API', async (t) => {
  const [first, second] = await Promise.all([sharedApi(), sharedApi()]);
  t.is(first.server, second.server);
});

test('kubectl and the API server are of one version, with mutating policies and watch lists', async (t) => {
  const cluster = await sharedApi();
  const { stdout } = await cluster.kubectl(['version']);
  t.deepEqual(
    [...stdout.matchAll(/(?:Client|Server) Version: (\S+)/g)].map(([, version]) => version),
    [kubernetesVersion, kubernetesVersion],
  );
  const policies = await cluster.request('GET', '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies');
  t.is(policies.status, 200);
  const { body } = await cluster.request('GET', '/metrics');
  t.regex(String(body), /kubernetes_feature_enabled\{name="WatchList",stage="[A-Z]*"\} 1/);
});

test('what was written survives a killed API server, also one with flags of its own', async (t) => {
  const cluster = await startApi({ apiServerFlags: { 'event-ttl': '7m' } });
  t.teardown(() => cluster.stop());
  await cluster.kubectl(['create', 'namespace', 'kept']);
  await cluster.killApiServer();
  await t.throwsAsync(cluster.request('GET', '/readyz'), { instanceOf: HarnessError, code: 'Lost' });
  await cluster.startApiServer();
  t.is((await cluster.request('GET', '/api/v1/namespaces/kept')).status, 200);
  await cluster.restartApiServer();
  t.is((await cluster.request('GET', '/api/v1/namespaces/kept')).status, 200);
});

test('a stopped cluster leaves neither processes nor files', async (t) => {
  const cluster = await startApi();
  const pids = await Promise.all(
    ['etcd', 'kube-apiserver', 'kube-controller-manager'].map((name) =>
      readFile(join(cluster.kubeconfig, '..', `${name}.pid`), 'utf8'),
    ),
  );
  await cluster.stop();
  for (const pid of pids) t.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' });
  await t.throwsAsync(readFile(cluster.kubeconfig), { code: 'ENOENT' });
});

test('the next private cluster removes what a killed process left running', async (t) => {
  const abandoned = await startApi();
  const folder = join(abandoned.kubeconfig, '..');
  const pid = Number(await readFile(join(folder, 'kube-apiserver.pid'), 'utf8'));
  // No process has this id: Linux ends at 4,194,304.
  await writeFile(join(folder, 'owner.pid'), '4999999');
  const next = await startApi();
  t.teardown(() => next.stop());
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('waitFor returns what it waited for, and otherwise says what it saw last', async (t) => {
  let looks = 0;
  t.is(await waitFor('the third look', () => ++looks === 3 && 'there', { interval: 1 }), 'there');
  await t.throwsAsync(
    waitFor('nothing', (seen) => seen({ phase: 'Pending' }) as undefined, { timeout: 20, interval: 5 }),
    {
      code: 'Timeout',
      message: /waited 20 ms for: nothing; last seen: { phase: 'Pending' }/,
    },
  );
});
