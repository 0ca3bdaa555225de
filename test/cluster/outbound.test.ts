/** The way out of a process of the operator, on a cluster: with its own rights, it finds what it must not reach. */
import test from 'ava';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { environmentsRights } from '../../operator/environments/rights.ts';
import { reportFetcher } from '../../operator/environments/gather/reports/index.ts';
import { KubeClient, loadConfig, ServerAddresses, systemClock } from '../../operator/kube/index.ts';
import { OutboundClient, systemResolve } from '../../operator/outbound/index.ts';
import { sharedApi, waitFor, type Cluster } from '../harness/index.ts';
import { recordRemoval } from '../stage/uses.ts';

const signal = new AbortController().signal;

/** Addresses as a person with these rights finds them; the API server of this cluster answers on loopback. */
async function addressesFor(cluster: Cluster, name: string, rules: readonly object[]): Promise<ServerAddresses> {
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name } };
  await cluster.apply([
    { ...rbac, kind: 'ClusterRole', rules },
    {
      ...rbac,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' }],
    },
  ]);
  const config = await loadConfig({ kubeconfig: await cluster.persona(name), clock: systemClock });
  const client = new KubeClient(config, { clock: systemClock });
  return new ServerAddresses({
    client,
    clock: systemClock,
    server: config.server,
    serviceHost: undefined,
    resolve: systemResolve,
  });
}

/** An authorizer hears of new rights a moment later. */
async function known(addresses: ServerAddresses): Promise<readonly string[]> {
  let found: readonly string[] = [];
  await waitFor('the rights to find the API server', async (seen) => {
    found = await addresses.get().catch((error: unknown) => {
      seen(error);
      return [];
    });
    return found.length > 0;
  });
  return found;
}

const isSlices = ({ resources }: { readonly resources: readonly string[] }): boolean =>
  resources.includes('endpointslices');

test('the rights of the environments process are enough to find the API servers, and no more than needed', async (t) => {
  const cluster = await sharedApi();
  // The API servers of a cluster of several write this one themselves; the one here stands alone and writes none.
  const behind = ['192.0.2.10', '192.0.2.11'];
  const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' };
  const metadata = { name: 'kubernetes', namespace: 'default' };
  await cluster.apply([{ ...slice, metadata, endpoints: behind.map((address) => ({ addresses: [address] })) }]);
  t.teardown(() => cluster.kubectl(['delete', 'endpointslice', 'kubernetes', '-n', 'default']));
  const addresses = await addressesFor(cluster, 'outbound-with', environmentsRights.cluster.filter(isSlices));
  const found = await known(addresses);
  t.deepEqual(
    behind.filter((address) => !found.includes(address)),
    [],
  );
  t.true(found.includes(new URL(cluster.server).hostname));
  const rest = environmentsRights.cluster.filter((right) => !isSlices(right));
  const without = await addressesFor(cluster, 'outbound-without', rest);
  await t.throwsAsync(without.get(), { message: /endpointslices/ });
  await recordRemoval(import.meta.filename, 'environments: get discovery.k8s.io/endpointslices');
});

test('denied: a report whose Service leads to the API server; one beside it is read', async (t) => {
  const cluster = await sharedApi();
  const addresses = await addressesFor(cluster, 'outbound-report', environmentsRights.cluster.filter(isSlices));
  const [server = ''] = await known(addresses);
  const app = createServer((_, response) => response.end('{"services": []}'));
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.2', resolve));
  t.teardown(() => app.close());
  const { port } = app.address() as AddressInfo;
  // What the cluster's DNS would say: one Service is an ExternalName, or has no selector and an address of its own.
  const resolve = async (name: string): Promise<readonly string[]> =>
    name.startsWith('evil.') ? [server] : ['127.0.0.2'];
  const allowed = ['127.0.0.0/8'];
  const fetch = reportFetcher(
    new OutboundClient({ clock: systemClock, refused: () => addresses.get(), allowed, resolve }),
  );
  const target = { namespace: 'pr-42', workload: 'web', port, path: '/' };
  t.deepEqual(await fetch(target, signal), { services: new Map() });
  t.deepEqual(await fetch({ ...target, workload: 'evil', port: Number(new URL(cluster.server).port) }, signal), {
    failure: 'the report cannot be reached: the name leads to the API server',
  });
});
