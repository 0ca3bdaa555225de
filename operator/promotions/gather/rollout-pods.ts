import { Pod, selectorText, type Client } from '../../kube/index.ts';
import { workloadOf } from '../../workloads/index.ts';
import type { RollingWorld, RunningWorkload } from '../decide/index.ts';

/**
 * Adds what runs of the workloads that are rolled out: what they own and their pods, as the API server has them now. Pods
 * are not followed, a namespace has too many of them that change too often.
 */
export async function withRunning(
  client: Pick<Client, 'list'>,
  world: RollingWorld,
  signal: AbortSignal,
): Promise<RollingWorld> {
  const { namespace } = world.promotion.metadata;
  const workloads = world.workloads.map(async (workload): Promise<RunningWorkload> => {
    const { live } = workload;
    const ours = world.round.desiredSpecs?.some(({ kind, name }) => kind === workload.kind && name === workload.name);
    if (ours !== true || live?.spec === undefined) return workload;
    const row = workloadOf(workload.kind);
    const selected = row.selector(live);
    const options = { namespace, signal, ...(selected !== undefined && { labelSelector: selectorText(selected) }) };
    const [pods, ...owned] = await Promise.all([
      client.list(Pod, options),
      ...row.owns.map((type) => client.list(type, options)),
    ]);
    return { ...workload, owned: owned.flatMap(({ items }) => items), pods: pods.items };
  });
  return { ...world, workloads: await Promise.all(workloads) };
}
