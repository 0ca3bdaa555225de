import { ControllerRevision, DaemonSet } from '../../kube/index.ts';
import { HASH, isOfNewest, podOrigin, revision, type HashOf } from '../history.ts';
import type { Workload } from '../workload.ts';
import { progressOf, standing } from './progress.ts';

const hashOf: HashOf = ({ metadata }) => metadata.labels?.[HASH];

/** `apps/v1` DaemonSet: it makes its pods itself, one for each node that it is for. */
export const daemonSet: Workload<DaemonSet> = {
  type: DaemonSet,
  templatePath: ['spec', 'template'],
  template: ({ spec }) => spec?.template,
  uncovered: [],
  pause: undefined,
  lasting: true,
  podOwner: DaemonSet,
  revisionLabel: HASH,
  owns: [ControllerRevision],
  selector: ({ spec }) => spec?.selector,
  podOrigin: (live, owned) => podOrigin(live, owned, hashOf),
  podSpec: (template) => template,
  isOfNewest: (pod, live, owned) => isOfNewest(pod, live, owned, hashOf),
  numberedBy: [ControllerRevision],
  revision,
  undo: 'Template',
  stuck: () => [],
  standing,
  progress: (input) => progressOf(input, hashOf),
};
