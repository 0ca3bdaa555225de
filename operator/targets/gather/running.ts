import {
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  Pod,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
  type Client,
  type KubeObject,
  type ResourceType,
} from '../../kube/index.ts';
import type { Named, Running } from '../decide/index.ts';

type Lists = Pick<Client, 'list'>;

/** The pods of a namespace and what leads to their Deployments, live. */
export async function readPods(client: Lists, namespace: string, signal: AbortSignal): Promise<Running> {
  const [deployments, replicaSets, pods] = await Promise.all([
    list(client, Deployment, namespace, signal),
    list(client, ReplicaSet, namespace, signal),
    list(client, Pod, namespace, signal),
  ]);
  return { deployments, others: [], replicaSets, pods };
}

/** Everything in a namespace that makes pods, of every kind that Kubernetes has, and the pods; live. */
export async function readInventory(client: Lists, namespace: string, signal: AbortSignal): Promise<Running> {
  const [running, statefulSets, daemonSets, jobs, cronJobs, replicationControllers] = await Promise.all([
    readPods(client, namespace, signal),
    list(client, StatefulSet, namespace, signal),
    list(client, DaemonSet, namespace, signal),
    list(client, Job, namespace, signal),
    list(client, CronJob, namespace, signal),
    list(client, ReplicationController, namespace, signal),
  ]);
  return {
    ...running,
    others: [
      ...named('StatefulSet', statefulSets),
      ...named('DaemonSet', daemonSets),
      ...named('ReplicationController', replicationControllers),
      ...named('CronJob', cronJobs),
      ...named('Job', notOf(jobs, cronJobs)),
      ...named('ReplicaSet', notOf(running.replicaSets, running.deployments)),
    ],
  };
}

/** Those that none of the owners controls: an owner is named once, not with all that it made. */
function notOf<T extends KubeObject>(objects: readonly T[], owners: readonly KubeObject[]): readonly T[] {
  const uids = new Set(owners.map(({ metadata }) => metadata.uid));
  return objects.filter(
    ({ metadata }) => !metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uids.has(uid)),
  );
}

function named(kind: string, objects: readonly KubeObject[]): readonly Named[] {
  return objects.map(({ metadata: { name } }) => ({ kind, name }));
}

async function list<T extends KubeObject>(
  client: Lists,
  type: ResourceType<T>,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly T[]> {
  return (await client.list(type, { namespace, signal })).items;
}
