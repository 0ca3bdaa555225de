import { waitFor } from '../harness/index.ts';
import type { Figure, Sizes } from './figure.ts';
import { startOperator } from './operator.ts';
import { keepPodsReady } from './pods.ts';
import { each, image, openBench, wire } from './stage.ts';
import type { Stage } from '../stage/stage.ts';
import type { Wire } from './stage.ts';

interface Sample {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string } & Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

const home = 'bench-dev';
const collection = `/apis/twinlock.dev/v1alpha1/namespaces/${home}/twinenvironments`;
/** In the order in which a namespace takes them: pods before the quota that would have to be counted first. */
const CHILDREN: readonly (readonly [plural: string, base: string])[] = [
  ['deployments', '/apis/apps/v1'],
  ['services', '/api/v1'],
  ['networkpolicies', '/apis/networking.k8s.io/v1'],
  ['rolebindings', '/apis/rbac.authorization.k8s.io/v1'],
  ['limitranges', '/api/v1'],
  ['pods', '/api/v1'],
  ['resourcequotas', '/api/v1'],
];

/**
 * Lets the operator make one environment, copies it and its children many times, and starts an operator that caches them
 * all. The copies are suspended and their Deployments paused, so nothing but the cache is at work.
 */
export async function measureMemory({ cached }: Sizes): Promise<Figure[]> {
  const stage = await openBench();
  try {
    const { cluster } = stage;
    const labels = { 'twinlock.dev/environments': 'true' };
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: home, labels } }]);
    const first = await startOperator(stage, 'environments');
    const pods = await keepPodsReady(cluster);
    const { template, children } = await sample(stage);
    await pods.stop();
    await first.stop();
    const admin = await wire(cluster.kubeconfig, 16);
    await each(
      Array.from({ length: cached }, (_, index) => index),
      16,
      (index) => copy(admin, template, children, index),
    );
    await admin.close();
    const operator = await startOperator(stage, 'environments');
    await waitFor('the cache to be idle', async () => (await operator.metric(/^workqueue_depth\{/)) === 0, {
      timeout: 120_000,
    });
    const rss = await operator.rss();
    await operator.stop();
    const bare = await listBare(stage);
    const objects = children.length + 2;
    return [
      {
        name: `resident memory with ${cached} environments and their children in cache`,
        value: rss,
        unit: 'MiB',
        bar: 220,
        detail: `${objects} objects each, ${cached * objects} in all`,
      },
      {
        name: `restart with ${cached} environments: start to synced, over bare lists of the same objects`,
        value: operator.readyAfter / bare,
        unit: 'x',
        bar: 1.5,
        detail: `${(operator.readyAfter / 1000).toFixed(1)} s, the start of the process included, against ${(bare / 1000).toFixed(1)} s`,
      },
    ];
  } finally {
    await stage.stop();
  }
}

const SELECTED = '?labelSelector=twinlock.dev/environment';
/** What the environments process follows. */
const LISTS: readonly string[] = [
  ...['twinenvironments', 'twinclasses', 'vendortwins'].map((plural) => `/apis/twinlock.dev/v1alpha1/${plural}`),
  '/api/v1/namespaces',
  `/api/v1/persistentvolumeclaims${SELECTED}`,
  ...CHILDREN.map(([plural, base]) => `${base}/${plural}${SELECTED}`),
];

/** Lists the same objects all at once, and reads them, with the fastest plain client there is here. Milliseconds. */
async function listBare({ accounts }: Stage): Promise<number> {
  const sender = await wire(accounts.environments, LISTS.length);
  const started = performance.now();
  await Promise.all(
    LISTS.map(async (path) => {
      const { status, text } = await sender.send('GET', path);
      const { items } = JSON.parse(text) as { readonly items?: readonly unknown[] };
      if (status !== 200 || items === undefined) throw new Error(`GET ${path}: ${status} ${text.slice(0, 500)}`);
    }),
  );
  const took = performance.now() - started;
  await sender.close();
  return took;
}

async function sample({ cluster }: Stage): Promise<{ template: Sample; children: readonly Sample[] }> {
  const spec = { workloads: [{ name: 'web', image: image('a'), port: 8080 }], services: [{ name: 'stripe' }] };
  const kind = { apiVersion: 'twinlock.dev/v1alpha1', kind: 'TwinEnvironment' };
  await cluster.apply([{ ...kind, metadata: { name: 'sample', namespace: home }, spec }]);
  const template = await waitFor('the sample to be Ready', async (seen) => {
    const { body } = await cluster.request('GET', `${collection}/sample`);
    seen(body);
    const found = body as Sample & { readonly status?: { readonly phase?: string; readonly namespace?: string } };
    return found.status?.phase === 'Ready' && found;
  });
  const within = (template as { readonly status?: { readonly namespace?: string } }).status?.namespace;
  const lists = await Promise.all(
    CHILDREN.map(async ([plural, base]) => {
      const { body } = await cluster.request(
        'GET',
        `${base}/namespaces/${within}/${plural}?labelSelector=twinlock.dev/environment`,
      );
      const { items } = body as { readonly items: readonly Sample[] };
      return items.map((item) => ({ ...item, kind: plural }));
    }),
  );
  return { template, children: lists.flat() };
}

const SERVER_OWNED = [
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'managedFields',
  'ownerReferences',
  'finalizers',
];

function metadataOf({ metadata }: Sample): Sample['metadata'] {
  const kept = Object.entries(metadata).filter(([name]) => !SERVER_OWNED.includes(name));
  return Object.fromEntries(kept) as Sample['metadata'];
}

async function copy(admin: Wire, template: Sample, children: readonly Sample[], index: number): Promise<void> {
  const namespace = `copy-${index}`;
  const post = async (path: string, body: object): Promise<void> => {
    // The namespace's service account comes a moment after the namespace, made by its controller.
    await waitFor(`POST ${path}`, async (seen) => {
      const { status, text } = await admin.send('POST', path, body);
      seen(text);
      return status === 201 || status === 409;
    });
  };
  const name = `copy-${index}`;
  const { labels } = (children[0]?.metadata ?? {}) as { readonly labels?: Readonly<Record<string, string>> };
  await post(collection, {
    ...template,
    metadata: { name, namespace: home },
    spec: { ...template.spec, suspend: true },
  });
  await post('/api/v1/namespaces', {
    metadata: { name: namespace, labels: { ...labels, 'twinlock.dev/environment': name } },
  });
  for (const child of children) {
    const [plural, base] = CHILDREN.find(([found]) => found === child.kind) ?? [];
    const metadata = metadataOf(child);
    const own = (metadata as { readonly labels?: object }).labels;
    await post(`${base}/namespaces/${namespace}/${plural}`, {
      ...child,
      kind: undefined,
      status: undefined,
      // That name of a Service is the operator's alone to give.
      metadata: {
        ...metadata,
        name: metadata.name.replace('twinlock-boundary', 'boundary'),
        namespace,
        labels: { ...own, 'twinlock.dev/environment': name },
      },
      ...(child.spec && { spec: specOf(child) }),
    });
  }
}

function specOf({ kind, spec }: Sample): object {
  // Headless: an API server gives 60 to 90 addresses a second, and a cache holds none. A paused Deployment makes no
  // ReplicaSets beside those that are wanted here.
  if (kind === 'services') return { ...spec, clusterIP: 'None', clusterIPs: ['None'] };
  return kind === 'deployments' ? { ...spec, paused: true } : { ...spec };
}
