import { Kubelet, type Cluster } from '../harness/index.ts';
import { each, wire } from './stage.ts';

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec: {
      readonly nodeName?: string;
      readonly containers: readonly { readonly name: string; readonly image: string }[];
    };
  }[];
}

/**
 * Stands in for kubelets on an API without nodes: every pod that is there becomes Running and Ready.
 *
 * @param production namespace whose pods need a real kubelet's word
 */
export async function keepPodsReady(cluster: Cluster, production?: string): Promise<{ stop(): Promise<void> }> {
  const admin = await wire(cluster.kubeconfig);
  const kubelet = production === undefined ? undefined : await Kubelet.open(cluster, 'node-1');
  const stopped = new AbortController();
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      const { text } = await admin.send('GET', '/api/v1/pods?fieldSelector=status.phase%3DPending&limit=500');
      const { items } = JSON.parse(text) as PodList;
      const now = new Date().toISOString();
      const condition = (type: string): object => ({ type, status: 'True', lastTransitionTime: now });
      const conditions = ['Ready', 'ContainersReady'].map(condition);
      await each(items, 8, async ({ metadata: { namespace, name }, spec }) => {
        if (namespace === 'twinlock-system') return;
        const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
        // What runs is what the specs have, by the digests that they name.
        const containerStatuses = spec.containers.map((container) => ({
          name: container.name,
          ready: true,
          restartCount: 0,
          state: { running: { startedAt: now.replace(/\.\d+Z$/, 'Z') } },
          image: container.image,
          imageID: container.image,
        }));
        const status = { phase: 'Running', startTime: now, conditions, containerStatuses };
        if (kubelet === undefined || namespace !== production) {
          await admin.send('PATCH', path, { status }, 'application/merge-patch+json');
          return;
        }
        if (spec.nodeName === undefined) await kubelet.bind(namespace, name);
        await kubelet.report(namespace, name, status);
      });
      await kubelet?.endTerminating(production);
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
