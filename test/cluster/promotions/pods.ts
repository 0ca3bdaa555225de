/** What kubelets do for pods, as far as a rollout sees it: this size of cluster has no nodes. */
import { setTimeout as pause } from 'node:timers/promises';
import { Kubelet, type ApiCluster } from '../../harness/index.ts';

const RENEW_INTERVAL_MS = 10_000;

export interface Pods {
  /** Pods with this image never become ready from now on. */
  break(image: string): void;
  stop(): Promise<void>;
}

interface PodBody {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly image: string }[] };
  readonly status?: { readonly phase?: string };
}

/** Makes every pending pod of a Deployment ready and ends what is to end, again and again. */
export function startPods(cluster: ApiCluster): Pods {
  const broken = new Set<string>();
  const stop = new AbortController();
  const work = async (): Promise<void> => {
    // Admission believes nobody else what becomes of a pod of production.
    const kubelet = await Kubelet.open(cluster, 'node-1');
    let renewed = 0;
    while (!stop.signal.aborted) {
      if (Date.now() - renewed > RENEW_INTERVAL_MS) {
        await kubelet.renew().catch(() => undefined);
        renewed = Date.now();
      }
      await round(cluster, kubelet, broken).catch(() => undefined);
      await pause(60);
    }
  };
  const done = work();
  return {
    break: (image) => void broken.add(image),
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

async function round(cluster: ApiCluster, kubelet: Kubelet, broken: ReadonlySet<string>): Promise<void> {
  await kubelet.endTerminating();
  const { body } = await cluster.request('GET', '/api/v1/pods?fieldSelector=status.phase%3DPending&labelSelector=app');
  const { items = [] } = body as { readonly items?: readonly PodBody[] };
  const now = new Date().toISOString();
  for (const { metadata, spec } of items) {
    if (spec.containers.some(({ image }) => broken.has(image))) continue;
    const conditions = ['Ready', 'ContainersReady', 'Initialized', 'PodScheduled'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: now,
    }));
    if (spec.nodeName === undefined) await kubelet.bind(metadata.namespace, metadata.name);
    await kubelet.report(metadata.namespace, metadata.name, { phase: 'Running', conditions });
  }
}
