import { Pod, selectorText, type Client } from '../../kube/index.ts';
import type { WorkloadKey } from '../../lock/index.ts';
import { workloadOf } from '../../workloads/index.ts';
import type { WorkloadFacts } from '../decide/index.ts';

/**
 * Adds what runs of the workloads that are rolled out: what they own and their pods, as the API server has them now. Pods
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
      const { live } = workload;
      const ours = rolled.some(({ kind, name }) => kind === workload.kind && name === workload.name);
      if (!ours || live?.spec === undefined) return workload;
      const row = workloadOf(workload.kind);
      const selected = row.selector(live);
      const options = { namespace, signal, ...(selected !== undefined && { labelSelector: selectorText(selected) }) };
      const [pods, ...owned] = await Promise.all([
        client.list(Pod, options),
        ...row.owns.map((type) => client.list(type, options)),
      ]);
      return { ...workload, owned: owned.flatMap(({ items }) => items), pods: pods.items };
    }),
  );
}
