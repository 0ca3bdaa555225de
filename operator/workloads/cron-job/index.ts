import { CronJob, Job } from '../../kube/index.ts';
import type { Workload } from '../workload.ts';

/** By it pods belong to their Job: the API server writes it into the Job's template. */
const JOB_UID = 'batch.kubernetes.io/controller-uid';

/**
 * `batch/v1` CronJob: it makes Jobs at their times, and each of them its pods, which end by themselves. It has no rollout:
 * what was applied is done as it stands. To suspend it is as to scale: how often it runs, not what.
 */
export const cronJob: Workload<CronJob> = {
  type: CronJob,
  templatePath: ['spec', 'jobTemplate', 'spec', 'template'],
  template: ({ spec }) => spec?.jobTemplate?.spec?.template,
  uncovered: ['suspend'],
  pause: undefined,
  lasting: false,
  podOwner: Job,
  revisionLabel: JOB_UID,
  owns: [Job],
  selector: () => undefined,
  // Whichever Job is next, nobody knows its name.
  podOrigin: () => ({ labels: {}, owner: undefined }),
  podSpec: (template) => template,
  isOfNewest: () => false,
  numberedBy: [],
  // Grows with every change of the spec.
  revision: ({ metadata: { generation } }) => (generation === undefined ? undefined : String(generation)),
  undo: 'Nothing',
  stuck: () => [],
  standing: () => ({ observed: true, wanted: 0, present: 0, updated: 0, failure: undefined, movedAt: undefined }),
  progress: () => ({ state: 'Complete' }),
};
