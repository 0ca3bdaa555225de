import { setTimeout as pause } from 'node:timers/promises';
import { waitFor } from '../harness/index.ts';
import type { Stage } from '../stage/stage.ts';
import type { Figure, Sizes } from './figure.ts';
import { fill, type Original } from './fill.ts';
import { startOperator } from './operator.ts';
import { keepPodsReady } from './pods.ts';
import { image, median, openBench, wire } from './stage.ts';

const home = 'bench-dev';
const kinds = '/apis/twinlock.dev/v1alpha1';
/** Found again wherever it stands in the environment's objects. */
const original = 'pattern-of-all';
const path = `${kinds}/namespaces/${home}/twinenvironments/${original}`;

/** Kinds of an environment's children: their API, and their folder in etcd where that has another name. */
const CHILDREN: readonly (readonly [plural: string, base: string, folder?: string])[] = [
  ['deployments', '/apis/apps/v1'],
  ['services', '/api/v1', 'services/specs'],
  ['networkpolicies', '/apis/networking.k8s.io/v1'],
  ['rolebindings', '/apis/rbac.authorization.k8s.io/v1'],
  ['limitranges', '/api/v1'],
  ['pods', '/api/v1'],
  ['resourcequotas', '/api/v1'],
];

/**
 * Lets the operator make one environment, copies it and its children many times, and starts an operator that caches them
 * all. It is suspended and there are no controllers, so nothing but the cache is at work.
 */
export async function measureMemory({ cached }: Sizes): Promise<Figure[]> {
  const stage = await openBench();
  try {
    const { cluster } = stage;
    const labels = { 'twinlock.dev/environments': 'true' };
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: home, labels } }]);
    const { environment, namespace, children } = await make(stage);
    await cluster.stopControllers();
    await fill(cluster, environment, namespace, children, cached);
    const objects = children.length + 1;
    // The API server's own cache follows what was written beside it: who asks first would wait for that.
    const { objects: there } = await listBare(stage);
    if (there < cached * objects) throw new Error(`${there} objects are there, not ${cached * objects}`);
    const [bare, starts]: [number[], number[]] = [[], []];
    for (let time = 1; time < RESTARTS; time++) {
      bare.push((await listBare(stage)).milliseconds);
      const operator = await startOperator(stage, 'environments');
      starts.push(operator.readyAfter);
      await operator.stop();
    }
    bare.push((await listBare(stage)).milliseconds);
    const operator = await startOperator(stage, 'environments');
    starts.push(operator.readyAfter);
    await waitFor('the cache to be idle', async () => (await operator.metric(/^workqueue_depth\{/)) === 0, {
      timeout: 120_000,
    });
    // What the lists left is given back a minute after them.
    await pause(65_000);
    const rss = await operator.rss();
    await operator.stop();
    return [
      {
        name: `resident memory with ${cached} environments and their children in cache`,
        value: rss,
        unit: 'MiB',
        bar: 220,
        detail: `${objects} objects each, ${cached * objects} in all`,
      },
      {
        name: `restart with ${cached} environments: start to synced, over bare lists of the same objects, medians of ${RESTARTS}`,
        value: median(starts) / median(bare),
        unit: 'x',
        bar: 1.5,
        detail: `${seconds(starts)} s, the start of the process included, against ${seconds(bare)} s`,
      },
    ];
  } finally {
    await stage.stop();
  }
}

const RESTARTS = 3;

function seconds(times: readonly number[]): string {
  return times.map((time) => (time / 1000).toFixed(1)).join(', ');
}

const SELECTED = '?labelSelector=twinlock.dev/environment';
/** What the environments process follows. */
const LISTS: readonly string[] = [
  ...['twinenvironments', 'twinclasses', 'vendortwins'].map((plural) => `${kinds}/${plural}`),
  '/api/v1/namespaces',
  `/api/v1/persistentvolumeclaims${SELECTED}`,
  ...CHILDREN.map(([plural, base]) => `${base}/${plural}${SELECTED}`),
];

/** Lists the same objects all at once, and reads them, with the fastest plain client there is here. */
async function listBare({ accounts }: Stage): Promise<{ readonly objects: number; readonly milliseconds: number }> {
  const sender = await wire(accounts.environments, LISTS.length);
  const started = performance.now();
  const counts = await Promise.all(
    LISTS.map(async (path) => {
      const { status, text } = await sender.send('GET', path);
      const { items } = JSON.parse(text) as { readonly items?: readonly unknown[] };
      if (status !== 200 || items === undefined) throw new Error(`GET ${path}: ${status} ${text.slice(0, 500)}`);
      return items.length;
    }),
  );
  const milliseconds = performance.now() - started;
  await sender.close();
  return { objects: counts.reduce((sum, count) => sum + count, 0), milliseconds };
}

interface Made {
  readonly environment: Original;
  readonly namespace: string;
  readonly children: readonly Original[];
}

/** One environment that has been Ready and is suspended, with all that is its own. */
async function make(stage: Stage): Promise<Made> {
  const { cluster } = stage;
  const operator = await startOperator(stage, 'environments');
  const pods = await keepPodsReady(cluster);
  const spec = { workloads: [{ name: 'web', image: image('a'), port: 8080 }], services: [{ name: 'stripe' }] };
  const kind = { apiVersion: 'twinlock.dev/v1alpha1', kind: 'TwinEnvironment' };
  await cluster.apply([{ ...kind, metadata: { name: original, namespace: home }, spec }]);
  await reaches(stage, ({ status }) => status?.phase === 'Ready');
  await cluster.apply([{ ...kind, metadata: { name: original, namespace: home }, spec: { ...spec, suspend: true } }]);
  const object = await reaches(
    stage,
    ({ metadata, status }) =>
      status?.conditions?.every(({ observedGeneration }) => observedGeneration === metadata.generation) === true,
  );
  await pods.stop();
  await operator.stop();
  const namespace = object.status?.namespace ?? '';
  const own = await get<Original['object']>(stage, `/api/v1/namespaces/${namespace}`);
  const lists = await Promise.all(
    CHILDREN.map(async ([plural, base, folder = plural]) => {
      const list = `${base}/namespaces/${namespace}/${plural}${SELECTED}`;
      const { apiVersion, kind, items } = await get<List>(stage, list);
      const singular = kind.replace(/List$/, '');
      return items.map((item) => ({ folder, object: headless({ ...item, apiVersion, kind: singular }) }));
    }),
  );
  return {
    environment: { folder: 'twinlock.dev/twinenvironments', object },
    namespace,
    children: [{ folder: 'namespaces', object: own }, ...lists.flat()],
  };
}

type Environment = Original['object'] & {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly phase?: string;
    readonly namespace?: string;
    readonly conditions?: readonly { readonly observedGeneration?: number }[];
  };
};

function reaches(stage: Stage, where: (environment: Environment) => boolean): Promise<Environment> {
  return waitFor(`${original} to be where it is wanted`, async (seen) => {
    const environment = await get<Environment>(stage, path);
    seen(environment);
    return where(environment) && environment;
  });
}

interface List {
  readonly apiVersion: string;
  readonly kind: string;
  readonly items: readonly Original['object'][];
}

async function get<T>({ cluster }: Stage, at: string): Promise<T> {
  const { status, body } = await cluster.request('GET', at);
  if (status !== 200) throw new Error(`GET ${at}: ${status}`);
  return body as T;
}

/** Without an address, of which there are not as many as copies. */
function headless(object: Original['object']): Original['object'] {
  if (object.kind !== 'Service') return object;
  const headless = { clusterIP: 'None', clusterIPs: ['None'] };
  return { ...object, spec: { ...object.spec, ...headless } };
}
