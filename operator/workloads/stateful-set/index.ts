import { ControllerRevision, StatefulSet } from '../../kube/index.ts';
import { HASH, isOfNewest, podOrigin, revision } from '../history.ts';
import type { Workload } from '../workload.ts';
import { hashOf, podSpec, stuck } from './pods.ts';
import { progress } from './progress.ts';
import { standing } from './standing.ts';

/** `apps/v1` StatefulSet: it makes its pods itself, one by one and each with claims of its own. */
export const statefulSet: Workload<StatefulSet> = {
  type: StatefulSet,
  templatePath: ['spec', 'template'],
  template: ({ spec }) => spec?.template,
  uncovered: ['replicas'],
  pause: undefined,
  lasting: true,
  podOwner: StatefulSet,
  revisionLabel: HASH,
  owns: [ControllerRevision],
  selector: ({ spec }) => spec?.selector,
  podOrigin: (live, owned) => podOrigin(live, owned, hashOf),
  podSpec,
  isOfNewest: (pod, live, owned) => isOfNewest(pod, live, owned, hashOf),
  numberedBy: [ControllerRevision],
  revision,
  undo: 'Template',
  stuck,
  standing,
  progress,
};
