/** Pods and ReplicaSets of a Deployment as plain data, as kubelets and controllers would write them. */
import type { Deployment, Pod, ReplicaSet } from '../../operator/kube/index.ts';
import type { WorkloadObject } from '../../operator/workloads/index.ts';

export type ContainerState = NonNullable<NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]>['state'];

export interface PodOptions {
  readonly name?: string;
  /** Made it, was ready and started then; RFC 3339. */
  readonly since?: string;
  readonly created?: string;
  readonly ready?: boolean;
  readonly phase?: 'Pending' | 'Running' | 'Failed';
  readonly restarts?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
  readonly deletionTimestamp?: string;
  readonly conditions?: NonNullable<Pod['status']>['conditions'];
  readonly initContainerStatuses?: NonNullable<Pod['status']>['initContainerStatuses'];
  readonly status?: Partial<NonNullable<Pod['status']>>;
  /** Name of the Deployment whose ReplicaSet made it. */
  readonly of?: string;
}

const LONG_AGO = '2026-11-21T09:50:00Z';
/** Worlds of these tests have Deployments only. */
const specOf = ({ spec }: WorkloadObject): NonNullable<Deployment['spec']> =>
  spec as unknown as NonNullable<Deployment['spec']>;
const hashOf = (live: WorkloadObject): string =>
  `h${(specOf(live).template.spec?.containers[0]?.image ?? '').slice(-4)}`;

/** The ReplicaSet that the deployment controller makes of this content. */
export function replicaSet(live: WorkloadObject): ReplicaSet {
  const hash = hashOf(live);
  const template = specOf(live).template;
  const labels = { ...template.metadata?.labels, 'pod-template-hash': hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${live.metadata.name}-${hash}`,
      uid: `rs-${live.metadata.name}-${hash}`,
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: live.metadata.name,
          uid: live.metadata.uid!,
          controller: true,
        },
      ],
    },
    spec: { selector: specOf(live).selector, template: { ...template, metadata: { ...template.metadata, labels } } },
  } as ReplicaSet;
}

/** A pod of this content; available for a long time unless it is said otherwise. */
export function podOf(live: WorkloadObject, options: PodOptions = {}): Pod {
  const { since = LONG_AGO, ready = true, restarts = 0, of = live.metadata.name } = options;
  const hash = hashOf(live);
  const [container] = specOf(live).template.spec!.containers;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: options.name ?? `${live.metadata.name}-${hash}-1`,
      creationTimestamp: options.created ?? since,
      labels: { app: live.metadata.name, 'pod-template-hash': hash },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${of}-${hash}`, uid: `rs-${of}-${hash}`, controller: true },
      ],
      ...(options.deletionTimestamp === undefined ? {} : { deletionTimestamp: options.deletionTimestamp }),
    },
    spec: { containers: [container!] },
    status: {
      phase: options.phase ?? 'Running',
      conditions: options.conditions ?? [
        { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: since },
        { type: 'PodScheduled', status: 'True', lastTransitionTime: since },
      ],
      initContainerStatuses: options.initContainerStatuses,
      containerStatuses: [
        {
          name: live.metadata.name,
          image: '',
          imageID: '',
          ready,
          restartCount: restarts,
          state: options.state ?? { running: { startedAt: since } },
          lastState: options.lastState ?? {},
        },
      ],
      ...options.status,
    },
  } as Pod;
}

/** What runs of a Deployment whose rollout is through. */
export function allRunning(live: WorkloadObject): {
  readonly owned: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
} {
  const names = Array.from(
    { length: specOf(live).replicas ?? 1 },
    (_, index) => `${live.metadata.name}-${hashOf(live)}-${index}`,
  );
  return { owned: [replicaSet(live)], pods: names.map((name) => podOf(live, { name })) };
}
