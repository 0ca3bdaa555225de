/**
 * One change per field of a workload's spec, by the names of the API server's own OpenAPI document; of pods and their
 * containers there are samples already.
 */
import { membersOf } from '../../operator/canonical/index.ts';
import type { Json } from '../stage/stage.ts';
import { CONTAINER_SAMPLES, POD_SAMPLES, together, type Samples } from './pod-samples.ts';

export interface Part {
  /** Name in the OpenAPI document. */
  readonly type: string;
  /** Where it is in the object. */
  readonly at: readonly (string | number)[];
  readonly samples: Samples;
  /** What the API server itself refuses there, or drops without a word. */
  readonly unstored?: readonly string[];
  /** Fields that may differ, and why. */
  readonly lets?: Readonly<Record<string, string>>;
}

const METADATA: Samples = {
  annotations: { 'sidecar.istio.io/inject': 'true' },
  creationTimestamp: '2026-01-01T00:00:00Z',
  deletionGracePeriodSeconds: 5,
  deletionTimestamp: '2026-01-01T00:00:00Z',
  finalizers: ['example.com/stay'],
  generateName: 'other-',
  generation: 5,
  labels: { app: 'web', track: 'canary' },
  managedFields: [{ manager: 'other', operation: 'Apply' }],
  name: 'other',
  namespace: 'other',
  ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-4000-8000-000000000000' }],
  resourceVersion: '5',
  selfLink: '/other',
  uid: '00000000-0000-4000-8000-000000000000',
};
const EVIL: Json = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'evil' }] } };

const EVIL_JOB: Json = { ...EVIL, spec: { ...membersOf(EVIL['spec']), restartPolicy: 'Never' } };

/** Parts of a pod template, which are the same in every kind. */
const pods = (at: readonly string[], spec: unknown, unstored: readonly string[]): readonly Part[] => [
  {
    type: 'core.v1.PodTemplateSpec',
    at,
    samples: { metadata: { labels: { app: 'web', a: 'b' } }, spec },
  },
  {
    type: 'meta.v1.ObjectMeta',
    at: [...at, 'metadata'],
    samples: METADATA,
    lets: { creationTimestamp: 'no pod has it' },
  },
  {
    type: 'core.v1.PodSpec',
    at: [...at, 'spec'],
    samples: POD_SAMPLES,
    unstored: ['ephemeralContainers', 'schedulingGroup', ...unstored],
  },
  {
    type: 'core.v1.Container',
    at: [...at, 'spec', 'containers', 0],
    samples: CONTAINER_SAMPLES,
    unstored: ['volumeDevices'],
  },
];

const INDEXED: Json = { completionMode: 'Indexed', completions: 2, parallelism: 1 };
/** What is for Jobs alone. */
const LASTING = ['activeDeadlineSeconds', 'restartPolicy'];
const scaling = { replicas: 'scaling up' };

export const PARTS: Readonly<Record<'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob', readonly Part[]>> = {
  Deployment: [
    {
      type: 'apps.v1.DeploymentSpec',
      at: ['spec'],
      samples: {
        minReadySeconds: 300,
        paused: true,
        progressDeadlineSeconds: 7200,
        replicas: 3,
        revisionHistoryLimit: 0,
        selector: { matchLabels: { app: 'other' } },
        strategy: { type: 'Recreate' },
        template: EVIL,
      },
      unstored: ['selector'],
      lets: scaling,
    },
    {
      type: 'apps.v1.DeploymentStrategy',
      at: ['spec', 'strategy'],
      samples: {
        rollingUpdate: { maxSurge: 0, maxUnavailable: 1 },
        type: together({ type: 'Recreate', rollingUpdate: undefined }),
      },
    },
    {
      type: 'apps.v1.RollingUpdateDeployment',
      at: ['spec', 'strategy', 'rollingUpdate'],
      samples: { maxSurge: 9, maxUnavailable: '90%' },
    },
    ...pods(['spec', 'template'], EVIL['spec'], LASTING),
  ],
  StatefulSet: [
    {
      type: 'apps.v1.StatefulSetSpec',
      at: ['spec'],
      samples: {
        minReadySeconds: 300,
        ordinals: { start: 5 },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
        podManagementPolicy: 'Parallel',
        replicas: 3,
        revisionHistoryLimit: 0,
        selector: { matchLabels: { app: 'other' } },
        serviceName: 'other',
        template: EVIL,
        updateStrategy: { type: 'OnDelete' },
        volumeClaimTemplates: [{ metadata: { name: 'x' }, spec: {} }],
      },
      unstored: ['podManagementPolicy', 'selector', 'serviceName', 'volumeClaimTemplates'],
      lets: scaling,
    },
    {
      type: 'apps.v1.StatefulSetUpdateStrategy',
      at: ['spec', 'updateStrategy'],
      samples: { rollingUpdate: { partition: 5 }, type: together({ type: 'OnDelete', rollingUpdate: undefined }) },
    },
    {
      type: 'apps.v1.RollingUpdateStatefulSetStrategy',
      at: ['spec', 'updateStrategy', 'rollingUpdate'],
      samples: { maxUnavailable: 5, partition: 5 },
      // Its feature is off.
      unstored: ['maxUnavailable'],
    },
    {
      type: 'apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy',
      at: ['spec', 'persistentVolumeClaimRetentionPolicy'],
      samples: { whenDeleted: 'Delete', whenScaled: 'Delete' },
    },
    ...pods(['spec', 'template'], EVIL['spec'], LASTING),
  ],
  DaemonSet: [
    {
      type: 'apps.v1.DaemonSetSpec',
      at: ['spec'],
      samples: {
        minReadySeconds: 300,
        revisionHistoryLimit: 0,
        selector: { matchLabels: { app: 'other' } },
        template: EVIL,
        updateStrategy: { type: 'OnDelete' },
      },
      unstored: ['selector'],
    },
    {
      type: 'apps.v1.DaemonSetUpdateStrategy',
      at: ['spec', 'updateStrategy'],
      samples: {
        rollingUpdate: { maxSurge: 0, maxUnavailable: 5 },
        type: together({ type: 'OnDelete', rollingUpdate: undefined }),
      },
    },
    {
      type: 'apps.v1.RollingUpdateDaemonSet',
      at: ['spec', 'updateStrategy', 'rollingUpdate'],
      samples: { maxSurge: together({ maxSurge: 5, maxUnavailable: 0 }), maxUnavailable: 5 },
    },
    ...pods(['spec', 'template'], EVIL['spec'], LASTING),
  ],
  CronJob: [
    {
      type: 'batch.v1.CronJobSpec',
      at: ['spec'],
      samples: {
        concurrencyPolicy: 'Replace',
        failedJobsHistoryLimit: 9,
        jobTemplate: { spec: { template: EVIL_JOB } },
        schedule: '* * * * *',
        startingDeadlineSeconds: 5,
        successfulJobsHistoryLimit: 9,
        suspend: true,
        timeZone: 'Asia/Tokyo',
      },
    },
    {
      type: 'batch.v1.JobTemplateSpec',
      at: ['spec', 'jobTemplate'],
      samples: { metadata: { labels: { evil: 'yes' } }, spec: { template: EVIL_JOB } },
    },
    {
      type: 'meta.v1.ObjectMeta',
      at: ['spec', 'jobTemplate', 'metadata'],
      samples: METADATA,
      lets: { creationTimestamp: 'no Job has it' },
    },
    {
      type: 'batch.v1.JobSpec',
      at: ['spec', 'jobTemplate', 'spec'],
      samples: {
        activeDeadlineSeconds: 5,
        backoffLimit: 99,
        backoffLimitPerIndex: together({ ...INDEXED, backoffLimitPerIndex: 5 }),
        completionMode: together(INDEXED),
        completions: 9,
        managedBy: 'example.com/other',
        manualSelector: true,
        maxFailedIndexes: together({ ...INDEXED, backoffLimitPerIndex: 5, maxFailedIndexes: 1 }),
        parallelism: 50,
        podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }] },
        podReplacementPolicy: 'Failed',
        selector: { matchLabels: { app: 'other' } },
        successPolicy: together({ ...INDEXED, successPolicy: { rules: [{ succeededCount: 1 }] } }),
        suspend: true,
        template: EVIL_JOB,
        ttlSecondsAfterFinished: 1,
      },
      unstored: ['manualSelector', 'podFailurePolicy', 'selector'],
    },
    ...pods(['spec', 'jobTemplate', 'spec', 'template'], EVIL_JOB['spec'], []),
  ],
};
