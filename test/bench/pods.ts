import type { Cluster } from '../harness/index.ts';
import { each, wire } from './stage.ts';

interface PodList {
  readonly items: readonly { readonly metadata: { readonly name: string; readonly namespace: string } }[];
}

/** Stands in for kubelets on an API without nodes: every pod that is there becomes Running and Ready. */
export async function keepPodsReady(cluster: Cluster): Promise<{ stop(): Promise<void> }> {
  const admin = await wire(cluster.kubeconfig);
  const stopped = new AbortController();
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      const { text } = await admin.send('GET', '/api/v1/pods?fieldSelector=status.phase%3DPending&limit=500');
      const { items } = JSON.parse(text) as PodList;
      const now = new Date().toISOString();
      const condition = (type: string): object => ({ type, status: 'True', lastTransitionTime: now });
      const status = { phase: 'Running', startTime: now, conditions: ['Ready', 'ContainersReady'].map(condition) };
      await each(items, 8, async ({ metadata: { namespace, name } }) => {
        if (namespace === 'twinlock-system') return;
        const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
        await admin.send('PATCH', path, { status }, 'application/merge-patch+json');
      });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await loop;
      await admin.close();
    },
  };
}
