import { isMembers, membersOf, type Members } from '../canonical/index.ts';
import { field } from './cel.ts';

/** Where the Jobs of a workload have their template; what is compared of pods is below its own `spec.template`. */
const JOBS = 'jobTemplate';
const PODS = 'a.spec.jobTemplate.spec.template';

/**
 * CEL of the approved entries of a lock as rules about pods read them: whatever the kind, the pod template is at
 * `spec.template`. That of Jobs has `spec.completionMode` beside it.
 */
export const templates = `${field('params.spec', 'approved', '[]')}.filter(a, !has(a.spec.${JOBS}))
+ ${field('params.spec', 'approved', '[]')}.filter(a, has(a.spec.${JOBS})).map(a, dyn({
  'kind': dyn(a.kind),
  'name': dyn(a.name),
  'injected': dyn(${field('a', 'injected', '[]')}),
  'mutations': dyn(${field('a', 'mutations', '[]')}),
  'spec': dyn({
    'completionMode': dyn(${field(`a.spec.${JOBS}.spec`, 'completionMode', "'NonIndexed'")}),
    'template': dyn({'metadata': dyn(${field(PODS, 'metadata', '{}')}), 'spec': dyn(${PODS}.spec)})
  })
}))
+ ${field('params.spec', 'jobs', '[]')}`;

/** The same of one entry, for who compares outside of the API server. */
export function withOwnTemplate(entry: Members): Members {
  const jobs = membersOf(entry['spec'])[JOBS];
  if (!isMembers(jobs)) return entry;
  const { completionMode = 'NonIndexed', template } = membersOf(jobs['spec']);
  const { metadata = {}, spec } = membersOf(template);
  return { ...entry, spec: { completionMode, template: { metadata, spec } } };
}

/** CEL: the entry `a` is that of Jobs, whose controller marks pods as those of one. */
export const isOfJobs = 'has(a.spec.completionMode)';
/** CEL: and each of its pods has a number of its own. */
export const isIndexed = `(${field('a.spec', 'completionMode', "''")} == 'Indexed')`;
