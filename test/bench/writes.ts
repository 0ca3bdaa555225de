import { lock, type Approved } from '../stage/objects.ts';
import { contentOfObject, objectDigest } from '../../operator/objects/index.ts';
import { waitFor } from '../harness/index.ts';
import type { Figure, Sizes } from './figure.ts';
import { image, median, openBench, wire, type Wire } from './stage.ts';
import type { Json, Stage } from '../stage/stage.ts';

const merge = 'application/merge-patch+json';

interface Row {
  readonly what: string;
  readonly bar: number;
  /** Namespace with the policies in force. */
  readonly within: string;
  readonly workloads: number;
  readonly objects: number;
  /** What is written: the workload, or the last of the objects. */
  readonly written: 'StatefulSet' | 'ConfigMap';
}

/** A lock holds two contents of each of up to 64 objects, so 200 are of workloads too. */
const ROWS: readonly Row[] = [
  { what: '10 approved specs', bar: 1.3, within: 'bench-10', workloads: 10, objects: 0, written: 'StatefulSet' },
  { what: '120 locked objects', bar: 2, within: 'bench-120', workloads: 1, objects: 120, written: 'ConfigMap' },
  { what: '200 locked contents', bar: 2, within: 'bench-200', workloads: 72, objects: 128, written: 'ConfigMap' },
  { what: '200 locked contents', bar: 2, within: 'bench-200-w', workloads: 72, objects: 128, written: 'StatefulSet' },
];
const OPEN = 'bench-free';

/**
 * The same write, which changes nothing that is locked, in a plain and in a protected namespace, in turns. A set of no pods
 * is left alone by its controller; that of Deployments copies annotations at once.
 */
export async function measureWrites({ edits }: Sizes): Promise<Figure[]> {
  const stage = await openBench();
  const admin = await wire(stage.cluster.kubeconfig, 1);
  try {
    await furnish(stage, OPEN);
    const figures: Figure[] = [];
    for (const row of ROWS) {
      await furnish(stage, row.within);
      await protect(stage, admin, row);
      const times: Record<'open' | 'shut', number[]> = { open: [], shut: [] };
      for (let round = 0; round < edits; round++)
        for (const which of ['open', 'shut'] as const)
          times[which].push(await write(admin, pathOf(which === 'open' ? OPEN : row.within, row.written), round));
      const [open, shut] = [median(times.open), median(times.shut)];
      figures.push({
        name: `write of a ${row.written} with ${row.what}, over the same write in an unlabelled namespace, median of ${edits}`,
        value: shut / open,
        unit: 'x',
        bar: row.bar,
        detail: `${shut.toFixed(2)} ms, ${open.toFixed(2)} ms where nothing is protected; fastest ${Math.min(...times.shut).toFixed(2)} and ${Math.min(...times.open).toFixed(2)} ms`,
      });
    }
    return figures;
  } finally {
    await admin.close();
    await stage.stop();
  }
}

function pathOf(namespace: string, kind: Row['written']): string {
  return kind === 'StatefulSet'
    ? `/apis/apps/v1/namespaces/${namespace}/statefulsets/web`
    : `/api/v1/namespaces/${namespace}/configmaps/config`;
}

async function write(admin: Wire, path: string, round: number): Promise<number> {
  // Bookkeeping of who applies it, which is no content.
  const body = { metadata: { annotations: { 'argocd.argoproj.io/tracking-id': `round-${round}` } } };
  const started = performance.now();
  const answer = await admin.send('PATCH', path, body, merge);
  const took = performance.now() - started;
  if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
  return took;
}

const template = {
  metadata: { labels: { app: 'web' } },
  spec: {
    containers: [
      {
        name: 'web',
        image: image('a'),
        env: Array.from({ length: 20 }, (_, index) => ({ name: `VARIABLE_${index}`, value: 'x'.repeat(40) })),
        resources: { limits: { cpu: '100m', memory: '64Mi' } },
      },
    ],
  },
};
const config = { mode: 'live', text: 'x'.repeat(2000) };

async function furnish({ cluster }: Stage, namespace: string): Promise<void> {
  const metadata = { namespace };
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
  await cluster.apply([
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { ...metadata, name: 'web' },
      spec: { replicas: 0, serviceName: 'web', selector: { matchLabels: { app: 'web' } }, template },
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: 'config' }, data: config },
  ]);
}

/** The lock holds what is live last, after others that are like it. */
async function protect({ accounts, cluster }: Stage, admin: Wire, row: Row): Promise<void> {
  const { within, workloads, objects } = row;
  const live = JSON.parse((await admin.send('GET', pathOf(within, 'StatefulSet'))).text) as { readonly spec: Json };
  const approved = Array.from({ length: workloads }, (_, index): Approved => ({
    kind: 'StatefulSet',
    name: index === workloads - 1 ? 'web' : `web-${Math.floor(index / 2)}`,
    role: index === workloads - 1 || index % 2 === 0 ? 'Current' : 'Fallback',
    minReplicas: 0,
    spec: live.spec,
  }));
  const content = contentOfObject('ConfigMap', { metadata: { name: 'config' }, data: config } as never);
  const listed = Array.from({ length: objects }, (_, index) => ({
    kind: 'ConfigMap',
    name: index >= objects - 2 ? 'config' : `config-${Math.floor(index / 2)}`,
    role: index % 2 === 0 ? 'Current' : 'Fallback',
    digest: objectDigest(content),
    target: 'web',
    record: 'web-000001',
    content,
  }));
  const made = lock(within, approved) as { readonly spec: Json };
  const operator = await wire(accounts.promotions);
  const locks = `/apis/twinlock.dev/v1alpha1/namespaces/${within}/workloadlocks`;
  const body = { ...made, spec: { ...made.spec, ...(objects === 0 ? {} : { objects: listed }) } };
  const created = await operator.send('POST', locks, body);
  await operator.close();
  if (created.status !== 201) throw new Error(`the lock: ${created.text}`);
  await cluster.kubectl(['label', 'namespace', within, 'twinlock.dev/protected=true']);
  // The caches of the API server follow the label one by one.
  const changes = {
    StatefulSet: { spec: { minReadySeconds: 7 } },
    ConfigMap: { data: { mode: 'other' } },
  };
  for (const kind of objects === 0 ? (['StatefulSet'] as const) : (['StatefulSet', 'ConfigMap'] as const))
    await waitFor(`${kind} in ${within} is protected`, async (seen) => {
      const answer = await admin.send('PATCH', `${pathOf(within, kind)}?dryRun=All`, changes[kind], merge);
      seen(answer.text);
      return answer.status === 403;
    });
}
