import type { Promotion } from '../../../api/index.ts';
import { digestOf } from '../../../canonical/index.ts';
import { Job } from '../../../kube/index.ts';
import type { Spec } from '../../../workloads/index.ts';
import type { PlanRefusal } from './proposal.ts';

/** A Job that a promotion brings. */
export interface WantedJob {
  readonly when: 'before' | 'after';
  /** In the Promotion. */
  readonly name: string;
  /** Of the object. Always the same one, so that it is made once. */
  readonly job: string;
  readonly spec: Spec;
}

/** What the API server would store of it, or why nothing. */
export type PlannedSpec = { readonly spec: Spec } | PlanRefusal;

/** Characters: the name of a Job is a label of its pods, and theirs is five longer. */
const OF_PROMOTION = 24;

/** In the order in which they run. */
export function jobsOf({ metadata, spec }: Pick<Promotion, 'metadata' | 'spec'>): readonly WantedJob[] {
  const all = (['before', 'after'] as const).flatMap((when) =>
    (spec.jobs?.[when] ?? []).map((manifest) => ({ when, manifest })),
  );
  return all.map(({ when, manifest }) => {
    const { name } = manifest.metadata;
    const hash = digestOf({ uid: metadata.uid ?? '', name }).slice(-8);
    const promotion = metadata.name.slice(0, OF_PROMOTION).replaceAll('.', '-').replace(/-+$/, '');
    return { when, name, job: `${promotion}-${name}-${hash}`, spec: manifest.spec };
  });
}

/** The object of a Job. */
export function newJob(namespace: string, name: string, spec: Spec): Job {
  // What Kubernetes has in a spec is not typed in a Promotion; the API server judges it at the dry run.
  return { apiVersion: Job.apiVersion, kind: Job.kind, metadata: { name, namespace }, spec } as Job;
}
