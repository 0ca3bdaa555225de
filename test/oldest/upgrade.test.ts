/** A newer Kubernetes under a protected namespace: what the older one stored gets the defaults of the newer one. */
import test, { type ExecutionContext } from 'ava';
import { withoutNull } from '../../operator/canonical/index.ts';
import { apiVersion, kubernetesVersion, waitFor, type Answer } from '../harness/index.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
let shop: Shop;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess();
  shop = new Shop(stage, 'shop');
});
test.after.always(() => stage?.stop());

const apps = (plural: string, name: string): string => `/apis/apps/v1/namespaces/shop/${plural}/${name}`;
const at = {
  web: apps('deployments', 'web'),
  db: apps('statefulsets', 'db'),
  agent: apps('daemonsets', 'agent'),
  nightly: '/apis/batch/v1/namespaces/shop/cronjobs/nightly',
  Service: '/api/v1/namespaces/shop/services/web',
  HorizontalPodAutoscaler: '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web',
  PodDisruptionBudget: '/apis/policy/v1/namespaces/shop/poddisruptionbudgets/web',
  ConfigMap: '/api/v1/namespaces/shop/configmaps/web',
};
const sets = { StatefulSet: 'db', DaemonSet: 'agent' };

const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const claims = [{ metadata: { name: 'data' }, spec: claim }];
const template = (name: string): Json => ({
  metadata: { labels: { app: name } },
  spec: { terminationGracePeriodSeconds: 1, containers: [{ name, image: images.first }] },
});
/** Of `web`: the claim of a volume is a template of something too. */
const scratching: Json = {
  ...template('web'),
  spec: {
    ...(template('web')['spec'] as Json),
    volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: claim } } }],
  },
};
const others: readonly Json[] = [
  ...Object.entries(sets).map(([kind, name]) => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: name } },
      template: template(name),
      ...(kind === 'StatefulSet' && { replicas: 1, serviceName: name, volumeClaimTemplates: claims }),
    },
  })),
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'nightly', namespace: 'shop' },
    spec: {
      schedule: '0 3 1 1 *',
      jobTemplate: {
        spec: {
          template: {
            ...template('nightly'),
            spec: { ...(template('nightly')['spec'] as Json), restartPolicy: 'Never' },
          },
        },
      },
    },
  },
];
const named = { metadata: { name: 'web' } };
const objects = (maxReplicas: number): readonly Json[] => [
  { apiVersion: 'v1', kind: 'ConfigMap', ...named, data: { MODE: `${maxReplicas}` } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    ...named,
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  },
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    ...named,
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    ...named,
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  },
];

const send = (
  method: string,
  where: string,
  body?: unknown,
  contentType = 'application/merge-patch+json',
): Promise<Answer> =>
  stage.cluster.request(method, where, {
    as: stage.people.dev.kubeconfig,
    contentType,
    ...(body !== undefined && { body }),
  });

async function promoted(name: string, image: string, manifests: readonly Json[]): Promise<void> {
  const workloads = ['web', 'db', 'agent', 'nightly'].map((container) => ({
    name: container,
    images: [{ container, image }],
    ready: true,
  }));
  await shop.environment(`env-${name}`, image, { workloads });
  await shop.promote(name, `env-${name}`, { spec: { objects: manifests } });
  await shop.vote(name, stage.people.alice);
  await shop.phase(name, 'Completed', 60_000);
}

const versionOf = async (): Promise<unknown> => ((await send('GET', '/version')).body as Json)['gitVersion'];

/** What is locked, and as what. */
async function lockSpec(): Promise<Json> {
  const { body } = await stage.cluster.request('GET', path('shop', 'workloadlocks', 'lock'));
  return (body as { readonly spec: Json }).spec;
}

const containers = (name: string): Json => ({ spec: { containers: [{ name, image: images.evil }] } });

/** Closed: what is asked before the API server has looked at its policies after the start is refused by them all. */
async function refused(t: ExecutionContext, ask: () => Promise<Answer>, what: string): Promise<void> {
  const { status, body } = await waitFor(`${what} to be judged`, async (seen) => {
    const answer = await ask();
    seen(answer.body);
    return answer.status !== 422 && answer;
  });
  t.is(status, 403, `${what}: ${JSON.stringify(body)}`);
  t.regex(String((body as Json)['message']), /twinlock: /, what);
}

test.serial('an upgrade of the API server opens nothing and wedges nothing', async (t) => {
  t.timeout(5 * 60_000);
  t.is(await versionOf(), apiVersion);
  const workloads = [
    { kind: 'Deployment', name: 'web' },
    ...Object.entries(sets).map(([kind, name]) => ({ kind, name })),
    { kind: 'CronJob', name: 'nightly' },
  ];
  const listed = objects(3).map(({ kind }) => ({ kind, name: 'web' }));
  await shop.open({
    before: others,
    deployment: { template: scratching },
    target: { workloads, objects: listed, minReplicas: 1 },
  });
  await shop.ready();
  await promoted('web-42', images.second, objects(3));
  const before = await lockSpec();

  await stage.cluster.upgrade();
  t.is(await versionOf(), kubernetesVersion);

  // It follows the newer server, and takes nothing there for a change that nobody signed.
  await waitFor('the target is looked at by way of the newer server', async (seen) => {
    await send('PATCH', `${at.web}/scale`, { spec: { replicas: 2 } });
    const { status } = await shop.target(() => true);
    seen(status);
    return conditionOf({ status }, 'Ready')?.status === 'True';
  });
  // It may be in the form of the newer server by now.
  t.deepEqual(withoutNull(await lockSpec()), withoutNull(before));

  // Closed: another image of each, whatever an object holds, and their deletion.
  for (const name of ['web', 'db', 'agent'] as const)
    await refused(t, () => send('PATCH', at[name], { spec: { template: containers(name) } }), name);
  const nightly = { spec: { jobTemplate: { spec: { template: containers('nightly') } } } };
  await refused(t, () => send('PATCH', at.nightly, nightly), 'nightly');
  await refused(t, () => send('PATCH', at.Service, { spec: { selector: { app: 'other' } } }), 'Service');
  await refused(
    t,
    () => send('PATCH', at.HorizontalPodAutoscaler, { spec: { maxReplicas: 9 } }),
    'HorizontalPodAutoscaler',
  );
  await refused(t, () => send('PATCH', at.PodDisruptionBudget, { spec: { minAvailable: 0 } }), 'PodDisruptionBudget');
  for (const where of Object.values(at)) await refused(t, () => send('DELETE', where), `deletion of ${where}`);

  // Not wedged: what is written as it is read passes, with every field that the newer server adds; so do a restart,
  // a new pod for one that is gone, and a mark that is nobody's content.
  for (const [name, where] of Object.entries(at)) {
    const answer = await waitFor('nobody to write in between', async (seen) => {
      const { body } = await send('GET', where);
      const written = await send('PUT', where, body, 'application/json');
      seen(written.body);
      return written.status !== 409 && written;
    });
    t.is(answer.status, 200, `${name} as it is: ${JSON.stringify(answer.body)}`);
  }
  const restarted = {
    template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-11-28T00:00:00Z' } } },
  };
  for (const name of ['web', 'db', 'agent'] as const) {
    const { status, body } = await send('PATCH', at[name], { spec: restarted });
    t.is(status, 200, JSON.stringify(body));
  }
  for (const name of ['web', 'db']) {
    const pods = `/api/v1/namespaces/shop/pods?labelSelector=app%3D${name}`;
    interface Pods {
      readonly items: readonly { readonly metadata: { readonly name: string; readonly annotations?: Json } }[];
    }
    await waitFor(`pods of ${name} that the newer controllers made`, async (seen) => {
      const { items } = (await stage.cluster.request('GET', pods)).body as Pods;
      seen(items.map(({ metadata }) => metadata));
      return items.some(({ metadata }) => metadata.annotations?.['kubectl.kubernetes.io/restartedAt'] !== undefined);
    });
  }

  // The next promotion compares what the older server stored with what the newer one would store.
  await promoted('web-43', images.third, objects(5));
  t.is(await shop.image('web'), images.third);
  const { body } = await send('GET', at.HorizontalPodAutoscaler);
  t.like((body as Json)['spec'] as Json, { maxReplicas: 5 });
  t.deepEqual(
    (await shop.records()).map(({ type, outcome }) => outcome?.result ?? type),
    ['Adopted', 'Round', 'Approved', 'Completed', 'Round', 'Approved', 'Completed'],
  );
  await shop.ready();
});
