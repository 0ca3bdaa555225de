import { Pod, selectorText, type Client, type KubeObject, type ResourceType } from '../../kube/index.ts';
import { workloadOf, type WorkloadObject } from '../../workloads/index.ts';
import type { LiveWorkload, RollingWorld, RunningWorkload } from '../decide/index.ts';

type Lists = Pick<Client, 'list'>;

/**
 * Adds what runs of the workloads that are rolled out: what they own and their pods, as the API server has them now. Pods
 * are not followed, a namespace has too many of them that change too often.
 */
export async function withRunning(client: Lists, world: RollingWorld, signal: AbortSignal): Promise<RollingWorld> {
  const workloads = world.workloads.map(async (workload): Promise<RunningWorkload> => {
    const { live } = workload;
    const ours = world.round.desiredSpecs?.some(({ kind, name }) => kind === workload.kind && name === workload.name);
    if (ours !== true || live?.spec === undefined) return workload;
    const [pods, owned] = await Promise.all([
      selected(client, Pod, { ...workload, live }, signal),
      ownedOf(client, workloadOf(workload.kind).owns, { ...workload, live }, signal),
    ]);
    return { ...workload, owned, pods };
  });
  return { ...world, workloads: await Promise.all(workloads) };
}

/** Adds what tells their revision, to those that do not have it themselves. */
export async function withRevisions(
  client: Lists,
  workloads: readonly LiveWorkload[],
  signal: AbortSignal,
): Promise<readonly LiveWorkload[]> {
  return Promise.all(
    workloads.map(async (workload): Promise<LiveWorkload> => {
      const { kind, live } = workload;
      const { numberedBy } = workloadOf(kind);
      if (live === undefined || numberedBy.length === 0) return workload;
      return { ...workload, owned: await ownedOf(client, numberedBy, { ...workload, live }, signal) };
    }),
  );
}

interface Present extends LiveWorkload {
  readonly live: WorkloadObject;
}

async function ownedOf(
  client: Lists,
  types: readonly ResourceType[],
  workload: Present,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  return (await Promise.all(types.map((type) => selected(client, type, workload, signal)))).flat();
}

async function selected<T extends KubeObject>(
  client: Lists,
  type: ResourceType<T>,
  { kind, live }: Present,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const selector = workloadOf(kind).selector(live);
  const { namespace } = live.metadata;
  const options = { namespace, signal, ...(selector !== undefined && { labelSelector: selectorText(selector) }) };
  return (await client.list(type, options)).items;
}
