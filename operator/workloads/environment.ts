import { environmentKind, environmentKinds, type EnvironmentKind } from '../api/workload-kinds.ts';
import { Deployment, Job, StatefulSet, type ResourceType } from '../kube/index.ts';
import type { PodTemplate, Spec } from './object.ts';

type SpecOf<T extends { readonly spec?: unknown }> = Omit<NonNullable<T['spec']>, 'template'>;

/** What runs a part of an environment, without its template. */
export type EnvironmentSpec = SpecOf<Deployment> | SpecOf<StatefulSet> | SpecOf<Job>;

/** What is asked of a part of an environment. */
interface Asked {
  /** Of its Service, if it has one. */
  readonly name: string;
  readonly replicas: number;
  /** Selects its pods; a workload keeps its selector for life. */
  readonly selector: Readonly<Record<string, string>>;
}

/** A kind that parts of an environment run as: a row of the table, and all that `operator/environments` knows of the kind. */
interface EnvironmentRow {
  readonly type: ResourceType;
  /** It runs to its end, once for each content, and is no more changed than repeated; the others stay, and follow what is written. */
  readonly ends: boolean;
  /** Its status says why it makes no pods; of the others Events alone do. */
  readonly explains: boolean;
  /** New pods come beside old ones, unless its strategy says otherwise. */
  readonly surges: boolean;
  /** What the kind decides of its pods, whatever a template says. */
  readonly pods: Pick<NonNullable<PodTemplate['spec']>, 'restartPolicy'>;
  spec(asked: Asked): EnvironmentSpec;
  /** Pods that there are at a time once all have come. */
  podsOf(spec: Spec): number;
}

const KEPT = { revisionHistoryLimit: 2 } as const;

/** A hang is told in the end; a migration or a seed of a test environment has so long. Seconds. */
const JOB_DEADLINE = 3600;

const rows = {
  Deployment: {
    type: Deployment,
    ends: false,
    explains: true,
    surges: true,
    pods: {},
    spec: ({ replicas, selector }) => ({ ...KEPT, replicas, selector: { matchLabels: selector } }),
    podsOf: replicasIn,
  },
  StatefulSet: {
    type: StatefulSet,
    ends: false,
    explains: false,
    surges: false,
    pods: {},
    spec: ({ name, replicas, selector }) => ({
      ...KEPT,
      replicas,
      selector: { matchLabels: selector },
      serviceName: name,
      // One after the other, its controller would wait for a pod that never becomes ready, whatever the set has by then
      // (kubernetes/kubernetes#67250); it still replaces one at a time.
      podManagementPolicy: 'Parallel',
    }),
    podsOf: replicasIn,
  },
  Job: {
    type: Job,
    ends: true,
    explains: false,
    surges: false,
    // A container that is started in place loses what the one before had to say.
    pods: { restartPolicy: 'Never' },
    spec: () => ({
      backoffLimit: 2,
      completions: 1,
      parallelism: 1,
      activeDeadlineSeconds: JOB_DEADLINE,
      // Never two at once: not beside one that is on its way out either.
      podReplacementPolicy: 'Failed',
      suspend: false,
    }),
    podsOf: () => 1,
  },
} as const satisfies Record<EnvironmentKind, EnvironmentRow>;

function replicasIn({ replicas }: Spec): number {
  return typeof replicas === 'number' ? replicas : 1;
}

/** In the order of the list. */
const environmentRows: readonly EnvironmentRow[] = environmentKinds.map((kind) => rows[kind]);

/** What each runs as. */
export const environmentTypes: readonly ResourceType[] = environmentRows.map(({ type }) => type);

/** The row of a kind; undefined for kinds that run nothing of an environment. */
export function environmentRow(kind: string): EnvironmentRow | undefined {
  return environmentRows.find(({ type }) => type.kind === kind);
}

/**
 * The row of a kind that a workload can have; where the cluster's definitions are older than this version, it has none.
 *
 * @throws TypeError for a kind that only another version knows: what it would mean, nobody here can say
 */
export function environmentRowOf(kind: EnvironmentKind = environmentKind): EnvironmentRow {
  const row = environmentRow(kind);
  if (row === undefined)
    throw new TypeError(`this version runs no workload of an environment as ${kind}: run the version that knows it`);
  return row;
}
