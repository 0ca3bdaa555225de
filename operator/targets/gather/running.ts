import { Pod, type Client, type KubeObject, type ResourceType } from '../../kube/index.ts';
import {
  controllerOf,
  madeByKind,
  makesPods,
  ownedTypes,
  unnameableMakers,
  workloadRows,
} from '../../workloads/index.ts';
import type { Named, PresentWorkload, Running } from '../decide/index.ts';

type Lists = Pick<Client, 'list'>;

/** The pods of a namespace and what leads to their workloads, live. */
export async function readPods(client: Lists, namespace: string, signal: AbortSignal): Promise<Running> {
  const [workloads, owned, pods] = await Promise.all([
    Promise.all(
      workloadRows.map(async ([kind, { type }]): Promise<readonly PresentWorkload[]> => {
        const objects = await list(client, type, namespace, signal);
        return objects.map((live) => ({ kind, name: live.metadata.name, live }));
      }),
    ),
    Promise.all(ownedTypes.map((type) => list(client, type, namespace, signal))),
    list(client, Pod, namespace, signal),
  ]);
  return { workloads: workloads.flat(), others: [], owned: owned.flat(), pods };
}

/** Everything in a namespace that makes pods, of every kind that Kubernetes has, and the pods; live. */
export async function readInventory(client: Lists, namespace: string, signal: AbortSignal): Promise<Running> {
  const [running, ...lists] = await Promise.all([
    readPods(client, namespace, signal),
    ...unnameableMakers.map(({ type }) => list(client, type, namespace, signal)),
  ]);
  const others = [...lists.flat(), ...running.owned];
  const all = [...running.workloads.map(({ live }) => live), ...others];
  // An owner is named once, not with all that it made.
  const isMade = (object: KubeObject): boolean => {
    const madeBy = madeByKind(object.kind);
    const owner = controllerOf(object);
    return all.some(({ kind, metadata }) => kind === madeBy && metadata.uid === owner?.uid);
  };
  return {
    ...running,
    others: others
      .filter((object) => makesPods(object.kind) && !isMade(object))
      .map(({ kind, metadata: { name } }): Named => ({ kind, name })),
  };
}

async function list<T extends KubeObject>(
  client: Lists,
  type: ResourceType<T>,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly T[]> {
  return (await client.list(type, { namespace, signal })).items;
}
