import { printable } from '../../canonical/index.ts';
import { contentsOf, isContent } from '../../lock/index.ts';
import { nameOf, type RecordedSpec, type RecordSpec } from '../../records/index.ts';
import { end } from './end.ts';
import type { DecisionStep } from './steps.ts';
import { pending } from './verdict.ts';
import type { DecidingWorld, Known } from './world.ts';

/**
 * The target that a promotion was approved for was deleted, and its lock with it: nobody verifies or takes back any more.
 * What became of the approved content is told as it is found, not as if it had never been approved.
 */
export const targetReplaced: DecisionStep = (world, facts) => {
  const { approved, round } = world.history;
  if (approved === undefined || round === undefined) return undefined;
  const { target, records } = world;
  const since = deletedSince(world, approved);
  if (target === undefined || target.metadata.deletionTimestamp !== undefined)
    return world.now <= facts.notAfter
      ? {
          ...pending('TargetMissing', `${since}: once it is made again, what became of the content is told`),
          requeueAfter: facts.notAfter - world.now + 1,
        }
      : end(world, 'Failed', 'TargetMissing', `${since}: nobody verifies whether its content runs`);
  if (target.metadata.uid === approved.target.uid) return undefined;
  if (!records.some(({ type, target: of }) => type === 'Adopted' && of.uid === target.metadata.uid))
    return pending('TargetNotReady', `${since} and made again, which does not protect its namespace yet`);
  const wanted = round.desiredSpecs ?? [];
  const absent = wanted.filter((spec) => !runs(spec, world));
  const [result, words] =
    absent.length === 0
      ? ([
          'Completed',
          'production runs what was approved: the new target took it over as it was found, unverified',
        ] as const)
      : ([
          'Failed',
          `${absent.map(({ kind, name: of }) => `${kind}/${of}`).join(', ')} does not run what was approved: create a new Promotion`,
        ] as const);
  const message = `${since} and made again; ${words}`;
  return end(world, result, 'TargetReplaced', message);
};

/** What is said first of a promotion whose target was deleted after the approval, whether or not its lock is there. */
export function deletedSince({ promotion }: Pick<Known, 'promotion'>, approved: RecordSpec): string {
  return `it was approved (record ${nameOf(approved)}), and ProductionTarget ${printable(promotion.spec.targetRef.name)} was deleted since`;
}

/** As the lock compares, beside a reloader's mark. */
function runs({ kind, name, digest, spec }: RecordedSpec, { workloads, lock }: DecidingWorld): boolean {
  const live = workloads.find((workload) => workload.kind === kind && workload.name === name)?.live;
  const mutations = lock === undefined ? undefined : contentsOf(lock.spec, { kind, name }).current?.mutations;
  return live?.spec !== undefined && isContent({ ...live.spec }, { kind, digest, spec: { ...spec }, mutations });
}
