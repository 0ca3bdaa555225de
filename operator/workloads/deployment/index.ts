import { Deployment, ReplicaSet } from '../../kube/index.ts';
import type { Workload } from '../workload.ts';
import { HASH, isOfNewest, podOrigin } from './pods.ts';
import { progress } from './progress.ts';
import { revision } from './revision.ts';
import { standing } from './standing.ts';

/** `apps/v1` Deployment: its ReplicaSets make its pods, one for each revision. */
export const deployment: Workload<Deployment> = {
  type: Deployment,
  templatePath: ['spec', 'template'],
  template: ({ spec }) => spec?.template,
  uncovered: ['replicas'],
  pause: 'paused',
  lasting: true,
  podOwner: ReplicaSet,
  revisionLabel: HASH,
  owns: [ReplicaSet],
  selector: ({ spec }) => spec?.selector,
  podOrigin,
  podSpec: (template) => template,
  isOfNewest,
  numberedBy: [],
  revision,
  undo: 'Template',
  stuck: () => [],
  standing,
  progress,
};
