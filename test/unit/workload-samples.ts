/** One workload of each kind as its controller and kubelets would have it: what the cases of workloads.test.ts run over. */
import type { WorkloadKind } from '../../operator/api/index.ts';
import type { KubeObject, Pod } from '../../operator/kube/index.ts';
import type { Spec, WorkloadObject } from '../../operator/workloads/index.ts';
import { podOf, replicaSet, type PodOptions } from './promotion-pods.ts';
import { deployment, images } from './promotion-world.ts';

export type Content = keyof typeof images;

export interface Sample {
  /** It runs the content with every pod that it asks for, at that revision. */
  readonly live: (content: Content, revision: number) => WorkloadObject;
  /** The same object before its controller saw its content. */
  readonly unseen: (live: WorkloadObject) => WorkloadObject;
  /** Half of its pods run the new content. */
  readonly halfway: (live: WorkloadObject) => WorkloadObject;
  /** Its controller says that it cannot make pods, in these words; undefined where it tells that in events only. */
  readonly failing?: (live: WorkloadObject, words: string) => WorkloadObject;
  /** Nobody has given it a revision. */
  readonly unnumbered: (live: WorkloadObject) => WorkloadObject;
  /** What it keeps beside its pods after it ran these, the newest last. */
  readonly owned: (lives: readonly WorkloadObject[]) => readonly KubeObject[];
  readonly pod: (live: WorkloadObject, options?: PodOptions) => Pod;
  /** A change of the spec that is scaling. */
  readonly scaled: (spec: Spec) => Spec;
  /** A change of the spec beside the template and scaling. */
  readonly changed: (spec: Spec) => Spec;
}

const deploymentSample: Sample = {
  live: (content, revision) => {
    const made = deployment(images[content], {}, String(revision));
    return {
      ...made,
      metadata: { ...made.metadata, uid: 'web-uid' },
      status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
    };
  },
  unseen: (live) => ({ ...live, metadata: { ...live.metadata, generation: 2 } }),
  halfway: (live) => ({
    ...live,
    status: { observedGeneration: 1, replicas: 3, updatedReplicas: 1, availableReplicas: 2 },
  }),
  failing: (live, message) => ({
    ...live,
    status: {
      observedGeneration: 1,
      conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }],
    },
  }),
  unnumbered: (live) => ({ ...live, metadata: { ...live.metadata, annotations: {} } }),
  owned: (lives) =>
    lives.map((live) => {
      const set = replicaSet(live);
      const { annotations } = live.metadata;
      const labels = { 'pod-template-hash': set.metadata.name.replace('web-', '') };
      return { ...set, metadata: { ...set.metadata, annotations, labels } };
    }),
  pod: podOf,
  scaled: (spec) => ({ ...spec, replicas: 9 }),
  changed: (spec) => ({ ...spec, minReadySeconds: 5 }),
};

/** What a controller that makes pods itself has of one revision: `hash` names it in the label of pods. */
function ownSample(
  kind: 'StatefulSet' | 'DaemonSet',
  {
    hashLabel,
    hashOf,
    spec,
    through,
    halfway,
    scaled,
  }: {
    readonly hashLabel: string;
    readonly hashOf: (live: WorkloadObject) => string;
    readonly spec: Spec;
    readonly through: object;
    readonly halfway: object;
    readonly scaled: (spec: Spec) => Spec;
  },
): Sample {
  const owner = { apiVersion: 'apps/v1', kind, name: 'web', uid: 'web-uid', controller: true };
  return {
    live: (content, revision) => {
      const { metadata, spec: { selector, template } = {} } = deployment(images[content]);
      return {
        apiVersion: 'apps/v1',
        kind,
        metadata: { ...metadata, uid: 'web-uid', annotations: { 'test/revision': String(revision) } },
        spec: { selector, template, ...spec },
        status: { observedGeneration: 1, ...through },
      };
    },
    unseen: (live) => ({ ...live, metadata: { ...live.metadata, generation: 2 } }),
    halfway: (live) => ({ ...live, status: { observedGeneration: 1, ...halfway } }),
    unnumbered: (live) => live,
    owned: (lives) =>
      lives.map((live) => ({
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: {
          name: `web-${podOf(live).metadata.labels?.['pod-template-hash'] ?? ''}`,
          labels: { app: 'web', [hashLabel]: podOf(live).metadata.labels?.['pod-template-hash'] ?? '' },
          ownerReferences: [owner],
        },
        revision: Number(live.metadata.annotations?.['test/revision']),
      })),
    pod: (live, options) => {
      const pod = podOf(live, options);
      const labels = { app: 'web', 'controller-revision-hash': hashOf(live) };
      return { ...pod, metadata: { ...pod.metadata, labels, ownerReferences: [owner] } };
    },
    scaled,
    changed: (before) => ({ ...before, minReadySeconds: 5 }),
  };
}

const hashIn = (live: WorkloadObject): string => podOf(live).metadata.labels?.['pod-template-hash'] ?? '';

const statefulSetSample = ownSample('StatefulSet', {
  hashLabel: 'controller.kubernetes.io/hash',
  hashOf: (live) => `web-${hashIn(live)}`,
  spec: { replicas: 2, serviceName: 'web' },
  through: { replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
  halfway: { replicas: 2, updatedReplicas: 1, availableReplicas: 2 },
  scaled: (spec) => ({ ...spec, replicas: 9 }),
});

const daemonSetSample = ownSample('DaemonSet', {
  hashLabel: 'controller-revision-hash',
  hashOf: hashIn,
  spec: {},
  through: { desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 },
  halfway: { desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2 },
  // It has no replicas.
  scaled: (spec) => spec,
});

/** Its pods are of Jobs, which end: nothing of the cases about rollouts is about it. */
const cronJobSample: Sample = {
  live: (content, revision) => {
    const { metadata, spec: { template } = {} } = deployment(images[content]);
    return {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { ...metadata, uid: 'web-uid', generation: revision },
      spec: { schedule: '0 3 * * *', suspend: false, jobTemplate: { spec: { backoffLimit: 2, template } } },
    };
  },
  unseen: (live) => live,
  halfway: (live) => live,
  unnumbered: ({ metadata: { generation: _none, ...metadata }, ...live }) => ({ ...live, metadata }),
  owned: () => [],
  pod: podOf,
  scaled: (spec) => ({ ...spec, suspend: true }),
  changed: (spec) => ({ ...spec, schedule: '* * * * *' }),
};

export const samples = {
  Deployment: deploymentSample,
  StatefulSet: statefulSetSample,
  DaemonSet: daemonSetSample,
  CronJob: cronJobSample,
} satisfies Record<WorkloadKind, Sample>;
