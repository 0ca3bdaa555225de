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
  /** Its controller says that it cannot make pods, in these words. */
  readonly failing: (live: WorkloadObject, words: string) => WorkloadObject;
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

export const samples = { Deployment: deploymentSample } satisfies Record<WorkloadKind, Sample>;
