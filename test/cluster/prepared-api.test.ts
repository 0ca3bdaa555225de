/** What one test file leaves on a control plane is gone before the next one gets it. */
import test from 'ava';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { preparedApi, waitFor, type ApiCluster } from '../harness/index.ts';

const namespaces = '/api/v1/namespaces';
const webhooks = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const deployments = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}/deployments`;

let prepared = 0;
const key = randomUUID();
/** What is prepared: a namespace, and a ConfigMap in it. */
const lend = async (): ReturnType<typeof preparedApi<string>> =>
  preparedApi({
    key,
    flags: async () => ({}),
    prepare: async (cluster) => {
      prepared += 1;
      await cluster.request('POST', namespaces, { body: { metadata: { name: 'before' } } });
      await cluster.request('POST', `${namespaces}/before/configmaps`, {
        body: { metadata: { name: 'settings' }, data: { mode: 'first' } },
      });
      return 'what it gives';
    },
  });

const settings = async (cluster: ApiCluster): Promise<unknown> => {
  const { body } = await cluster.request('GET', `${namespaces}/before/configmaps/settings`);
  return (body as { readonly data?: unknown }).data;
};

async function statusOf(cluster: ApiCluster, path: string): Promise<number> {
  return (await cluster.request('GET', path)).status;
}

const web = {
  metadata: { name: 'web' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web' }] } },
  },
};

/** As many pods as Kubernetes' own controllers are to make of it. */
async function runs(cluster: ApiCluster, namespace: string): Promise<void> {
  await cluster.request('POST', namespaces, { body: { metadata: { name: namespace } } });
  await waitFor('its account', async () => {
    return (await statusOf(cluster, `${namespaces}/${namespace}/serviceaccounts/default`)) === 200;
  });
  await cluster.request('POST', deployments(namespace), { body: web });
  await waitFor('its pods', async (seen) => {
    const { body } = await cluster.request('GET', `${namespaces}/${namespace}/pods`);
    seen(body);
    return (body as { readonly items: readonly unknown[] }).items.length === 3;
  });
}

test.serial('what was made is gone, what was changed or deleted is as it was, and all works on', async (t) => {
  const first = await lend();
  await runs(first.cluster, 'shop');
  await first.cluster.request('PATCH', `${namespaces}/before/configmaps/settings`, {
    body: { data: { mode: 'second' } },
    contentType: 'application/merge-patch+json',
  });
  await first.cluster.stop();

  const second = await lend();
  t.is(second.cluster.server, first.cluster.server);
  t.is(second.prepared, 'what it gives');
  t.deepEqual(await settings(second.cluster), { mode: 'first' });
  t.is(await statusOf(second.cluster, `${namespaces}/shop`), 404);
  const { body } = await second.cluster.request('GET', '/api/v1/pods');
  t.deepEqual((body as { readonly items: unknown }).items, []);
  // By the same names once more, and with nothing left of those before.
  await runs(second.cluster, 'shop');
  await second.cluster.request('DELETE', `${namespaces}/before`);
  await second.cluster.stop();

  const third = await lend();
  t.is(third.cluster.server, first.cluster.server);
  t.deepEqual(await settings(third.cluster), { mode: 'first' });
  await third.cluster.stop();
  t.is(prepared, 1);
});

test.serial('while somebody has it the next one gets another', async (t) => {
  const [one, two] = [await lend(), await lend()];
  t.not(one.cluster.server, two.cluster.server);
  await Promise.all([one.cluster.stop(), two.cluster.stop()]);
  t.is(prepared, 2);
});

test.serial('nobody gets it after it was killed, or where rules of admission were changed', async (t) => {
  const [killed, ruled] = [await lend(), await lend()];
  await killed.cluster.killApiServer();
  await ruled.cluster.request('POST', webhooks, { body: { metadata: { name: 'none' }, webhooks: [] } });
  await Promise.all([killed.cluster.stop(), ruled.cluster.stop()]);
  const before = prepared;
  const next = await lend();
  t.is(prepared, before + 1);
  t.false([killed.cluster.server, ruled.cluster.server].includes(next.cluster.server));
  await next.cluster.stop();
});

test.serial('what a process that is gone had not given back is removed', async (t) => {
  const lost = await lend();
  const pid = Number(await readFile(join(lost.folder, 'kube-apiserver.pid'), 'utf8'));
  // No process has this id: Linux ends at 4,194,304.
  await writeFile(join(lost.folder, 'owner.pid'), '4999999');
  const next = await lend();
  t.not(next.cluster.server, lost.cluster.server);
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  await next.cluster.stop();
});
