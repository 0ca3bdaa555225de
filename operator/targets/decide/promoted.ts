/** Jobs that promotions brought: they and their pods stay until somebody deletes them, for their logs. */
import type { KubeObject, Pod } from '../../kube/index.ts';
import { settingsOf } from '../../lock/index.ts';
import { nameOf, resultOf, type RecordedJob } from '../../records/index.ts';
import { controllerOf } from '../../workloads/index.ts';
import { chainFault, lockOf, sameWorkload } from './common.ts';
import { runningPodDifference } from './compare.ts';
import type { Named, TargetWorld } from './world.ts';

type Chained = Pick<TargetWorld, 'target' | 'records'>;

/** Whether it is a Job that people signed to run once, for this target or for a neighbour. */
export function isPromotedJob(world: TargetWorld, named: Named): boolean {
  const job = world.running.owned.find((object) =>
    sameWorkload({ kind: object.kind, name: object.metadata.name }, named),
  );
  return job !== undefined && chainsOf(world).some((each) => signedJobs(each, job).length > 0);
}

/** Whether it is a pod of such a Job, as people signed it. */
export function isOfPromotion(world: TargetWorld, pod: Pod): boolean {
  const owner = world.running.owned.find(({ metadata }) => metadata.uid === controllerOf(pod)?.uid);
  if (owner === undefined) return false;
  return chainsOf(world).some((each) => {
    const { injected, mutations } = settingsOf(each.target);
    const contents = signedJobs(each, owner).map(({ job, spec }) => ({
      kind: 'Job',
      name: job,
      spec,
      injected,
      mutations,
    }));
    return contents.length > 0 && runningPodDifference(pod, contents, lockOf(world)) === undefined;
  });
}

/** Of this target and of its neighbours. */
function chainsOf({ target, records, others, otherChains }: TargetWorld): readonly Chained[] {
  return [
    { target, records },
    ...others.map((other) => ({ target: other, records: otherChains.get(other.metadata.name) ?? [] })),
  ];
}

/** A chain that does not hold proves nothing. */
function signedJobs(chained: Chained, object: KubeObject): readonly RecordedJob[] {
  const signed = promotedJobs(chained.records, object);
  return signed.length === 0 || chainFault(chained) !== undefined ? [] : signed;
}

/**
 * What was signed of a Job that a promotion brought, under each approval that let it run: none of any other object, nor of
 * a Job that people were only asked about.
 */
function promotedJobs(records: TargetWorld['records'], { kind, metadata }: KubeObject): readonly RecordedJob[] {
  if (kind !== 'Job' || metadata.ownerReferences?.length) return [];
  const approved = new Set(
    records.filter((record) => resultOf(record) === 'Approved').map(({ round }) => round?.record),
  );
  return records
    .filter((record) => approved.has(nameOf(record)))
    .flatMap(({ jobs = [] }) => jobs)
    .filter(({ job }) => job === metadata.name);
}
