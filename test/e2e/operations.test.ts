import test from 'ava';
import { get, installTwinlock, prepare } from '../demo/index.ts';
import { waitFor } from '../harness/index.ts';
import { environmentsNamespace, removeEnvironmentsNamespace } from './support/namespace.ts';
import { readyEnvironment } from './support/ready.ts';
import { watchingStatuses } from './support/statuses.ts';
import type { Story } from '../demo/index.ts';

const namespace = 'operations';
const watch = watchingStatuses(test);
let story: Story;

test.before('Twinlock on a cluster', async (t) => {
  t.timeout(20 * 60_000, 'the cluster and the images are built on the first run');
  story = await prepare('operations', (line) => t.log(line), { clean: false });
  await installTwinlock(story);
  await watch(story.cluster);
  await environmentsNamespace(story.cluster, namespace);
});

test.after.always('one replica again, no environment', async () => {
  if (!story) return;
  await scale(1);
  await removeEnvironmentsNamespace(story.cluster, namespace);
});

async function scale(replicas: number): Promise<void> {
  const names = ['twinlock-environments', 'twinlock-promotions'].map((name) => `deployment/${name}`);
  await story.cluster.kubectl(['scale', ...names, '-n', 'twinlock-system', `--replicas=${replicas}`]);
}

async function metrics(process: string): Promise<string> {
  const path = `/api/v1/namespaces/twinlock-system/services/twinlock-${process}:8081/proxy/metrics`;
  const { status, body } = await story.cluster.request('GET', path);
  return status === 200 && typeof body === 'string' ? body : '';
}

test.serial('the rights of the environments process are enough: nothing it asks for is forbidden', async (t) => {
  t.timeout(4 * 60_000);
  const services = [{ name: 'stripe' }, { name: 'gcs', state: { persistence: 'Durable', size: '64Mi' } }];
  const workloads = [{ name: 'web', image: story.images.storefront.v1, port: 8080 }];
  await story.cluster.apply([
    {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'TwinEnvironment',
      metadata: { name: 'short', namespace },
      spec: { services, workloads },
    },
  ]);
  const inside = await readyEnvironment(story.cluster, namespace, 'short');
  const deletion = ['delete', 'twinenvironment', 'short', '-n', namespace, '--timeout=90s'];
  await story.cluster.kubectl(deletion, { timeout: 100_000 });
  t.is((await story.cluster.request('GET', `/api/v1/namespaces/${inside}`)).status, 404);
  const counted = await metrics('environments');
  t.regex(counted, /rest_client_requests_total\{code="201",method="POST"/, 'requests are counted');
  // Just after its namespace was made an apply may be refused: that is waited out and logged, each time. One that stayed
  // refused would have kept it from Ready above; any other refusal is one too many here.
  const refused = [...counted.matchAll(/rest_client_requests_total\{code="403",.*\} (\d+)/g)];
  const { stdout } = await story.cluster.kubectl(['logs', 'deployment/twinlock-environments', '-n', 'twinlock-system']);
  const waited = stdout.split('\n').filter((line) => line.includes('refused with rights that were just given'));
  for (const line of waited) t.log(line);
  t.is(
    refused.reduce((sum, [, times]) => sum + Number(times), 0),
    waited.length,
  );
});

test.serial('the front door answers hosts of environments only, and says so', async (t) => {
  const [, port] = story.cluster.hostPort(30080).split(':');
  for (const host of ['localhost', '127.0.0.1']) {
    const { status, body } = await get(`http://${host}:${port}/`);
    t.is(status, 404, host);
    t.regex(body, /is not the host of an environment/);
  }
  // A class may have any domain.
  for (const host of ['gone-aaaaaaaa.twins.localhost', 'kube-system.twins.localhost', 'shop.example']) {
    const { status, body } = await get(`http://${host}:${port}/`);
    t.is(status, 404, host);
    t.regex(body, /There is no environment here/);
  }
});

test.serial('with two replicas one leads, and the other takes over within seconds', async (t) => {
  t.timeout(3 * 60_000);
  await scale(2);
  for (const name of ['twinlock-environments', 'twinlock-promotions']) {
    const rollout = ['rollout', 'status', `deployment/${name}`, '-n', 'twinlock-system', '--timeout=60s'];
    await story.cluster.kubectl(rollout, { timeout: 70_000 });
    const leader = await waitFor(`a leader of ${name}`, () => holder(name));
    await story.cluster.kubectl(['delete', 'pod', leader, '-n', 'twinlock-system', '--wait=false']);
    const next = await waitFor(`another leader of ${name}`, async () => {
      const found = await holder(name);
      return found !== leader && found;
    });
    t.not(next, leader);
  }
});

/** Name of the pod that holds the lease. */
async function holder(lease: string): Promise<string | undefined> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/twinlock-system/leases/${lease}`;
  const { body } = await story.cluster.request('GET', path);
  const { spec } = body as { readonly spec?: { readonly holderIdentity?: string } };
  return spec?.holderIdentity?.split('_')[0] || undefined;
}
