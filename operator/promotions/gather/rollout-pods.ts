import { Pod, ReplicaSet, selectorText, type Client } from '../../kube/index.ts';
import type { WorkloadKey } from '../../lock/index.ts';
import type { WorkloadFacts } from '../decide/index.ts';

/**
 * Adds what runs of the workloads that are rolled out: their ReplicaSets and pods, as the API server has them now. Pods
 * are not followed, a namespace has too many of them that change too often.
 */
export async function withRunning(
  client: Pick<Client, 'list'>,
  namespace: string | undefined,
  workloads: readonly WorkloadFacts[],
  rolled: readonly WorkloadKey[],
  signal: AbortSignal,
): Promise<readonly WorkloadFacts[]> {
  return Promise.all(
    workloads.map(async (workload) => {
      const selector = workload.live?.spec?.selector;
      const ours = rolled.some(({ kind, name }) => kind === workload.kind && name === workload.name);
      if (!ours || selector === undefined) return workload;
      const options = { namespace, labelSelector: selectorText(selector), signal };
      const [sets, pods] = await Promise.all([client.list(ReplicaSet, options), client.list(Pod, options)]);
      return { ...workload, replicaSets: sets.items, pods: pods.items };
    }),
  );
}
