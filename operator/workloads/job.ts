import { digestOf, isMembers, membersOf, printable, withoutNull, type Digest } from '../canonical/index.ts';
import type { Job, Pod } from '../kube/index.ts';
import { podCauses } from './rollout/cause.ts';
import type { Spec } from './object.ts';

/** Label of a Job's pods that names it. */
export const JOB_NAME = 'batch.kubernetes.io/job-name';

/** By these the API server counts the pods of a Job: it writes them into the template of each Job anew. */
export const JOB_LABELS: readonly string[] = [
  'batch.kubernetes.io/controller-uid',
  JOB_NAME,
  'controller-uid',
  'job-name',
];

/** What an approval covers of the spec of a Job: all but what the API server adds to it, by which its pods are counted. */
export function jobContent(spec: Spec): Spec {
  const { selector: _selector, template, ...rest } = spec;
  const { metadata, ...pods } = membersOf(template);
  const { labels, ...own } = membersOf(metadata);
  const kept = Object.entries(membersOf(labels)).filter(([key]) => !JOB_LABELS.includes(key));
  return {
    ...rest,
    template: {
      ...pods,
      metadata: isMembers(labels) && kept.length > 0 ? { ...own, labels: Object.fromEntries(kept) } : own,
    },
  };
}

/**
 * Digest of {@link jobContent}; what is null counts as absent, as in the digest of a workload.
 *
 * @throws CanonicalError when the spec has no canonical form
 */
export function jobDigest(spec: Spec): Digest {
  return digestOf(withoutNull(jobContent(spec)));
}

/** How far a Job is, in words for people. */
export interface JobProgress {
  readonly state: 'Running' | 'Succeeded' | 'Failed';
  readonly message: string;
}

/**
 * Reads what the Job controller says, which nobody else may write, and the words of its pods.
 *
 * @param pods of the Job, of others too
 */
export function jobProgress(live: Job, pods: readonly Pod[]): JobProgress {
  const { status, spec, metadata } = live;
  const condition = (type: string) => status?.conditions?.find((each) => each.type === type && each.status === 'True');
  const own = pods.filter((pod) => pod.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid));
  const causes = podCauses(own);
  const failed = condition('Failed');
  if (failed !== undefined)
    return {
      state: 'Failed',
      message: [`${failed.reason ?? 'Failed'}: ${printable(failed.message ?? '', 400)}`, ...causes].join('; '),
    };
  if (condition('Complete') !== undefined) return { state: 'Succeeded', message: 'it succeeded' };
  if (spec?.suspend === true) return { state: 'Failed', message: 'somebody suspended it' };
  const { active = 0, succeeded = 0 } = status ?? {};
  return {
    state: 'Running',
    message: [`${active} of its pods run, ${succeeded} succeeded, ${status?.failed ?? 0} failed`, ...causes].join('; '),
  };
}
