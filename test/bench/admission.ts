import { renderPolicies } from '../../operator/admission/index.ts';
import type { Figure, Sizes } from './figure.ts';
import { waitFor } from '../harness/index.ts';
import { image, median, openBench, wire } from './stage.ts';

const names = { open: 'bench-open', shut: 'bench-shut' };
const path = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}/deployments/web?dryRun=All`;

/** The same edit as a dry run in a plain and in a protected namespace, in turns; what the policies add. */
export async function measureAdmission({ edits }: Sizes): Promise<Figure[]> {
  const stage = await openBench();
  try {
    const { cluster } = stage;
    await cluster.apply([namespace(names.open), namespace(names.shut)]);
    await cluster.apply([deployment(names.open), deployment(names.shut)]);
    const operator = await wire(stage.accounts.promotions);
    const locks = `/apis/twinlock.dev/v1alpha1/namespaces/${names.shut}/workloadlocks`;
    const lock = { apiVersion: 'twinlock.dev/v1alpha1', kind: 'WorkloadLock', metadata: { name: 'lock' } };
    const created = await operator.send('POST', locks, { ...lock, spec: { liveAccess: 'Deny', approved: [] } });
    if (created.status !== 201) throw new Error(`the lock: ${created.text}`);
    await cluster.kubectl(['label', 'namespace', names.shut, 'twinlock.dev/protected=true']);
    await operator.close();

    const admin = await wire(cluster.kubeconfig, 1);
    // The caches of the API server follow the label one by one.
    await waitFor('the namespace is protected', async () => {
      const body = { spec: { minReadySeconds: 1 } };
      return (await admin.send('PATCH', path(names.shut), body, 'application/merge-patch+json')).status === 403;
    });
    const times: Record<keyof typeof names, number[]> = { open: [], shut: [] };
    for (let round = 0; round < edits; round++) {
      for (const which of ['open', 'shut'] as const) {
        const containers = [{ name: 'web', image: image(round % 2 === 0 ? 'c' : 'd') }];
        const body = { spec: { template: { spec: { containers } } } };
        const started = performance.now();
        const answer = await admin.send('PATCH', path(names[which]), body, 'application/strategic-merge-patch+json');
        times[which].push(performance.now() - started);
        if (answer.status !== (which === 'open' ? 200 : 403)) throw new Error(`${which}: ${answer.text}`);
      }
    }
    await admin.close();
    const [open, shut] = [median(times.open), median(times.shut)];
    return [
      {
        name: `blocked edit: latency that ${renderPolicies({ systemNamespace: 'twinlock-system', mutating: true }).filter(({ kind }) => kind.endsWith('AdmissionPolicy')).length} policies add, median of ${edits}`,
        value: Math.max(0, shut - open),
        unit: 'ms',
        bar: 2,
        detail: `${shut.toFixed(2)} ms refused, ${open.toFixed(2)} ms the same edit where nothing is protected`,
      },
    ];
  } finally {
    await stage.stop();
  }
}

function namespace(name: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function deployment(within: string): object {
  const labels = { app: 'web' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: within },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: image('a') }] } },
    },
  };
}
