import { approvedSpec, rfc3339, specDigest } from '../../canonical/index.ts';
import { recordName } from '../../api/index.ts';
import type { RecordEntry, RecordSpec } from '../../records/index.ts';
import {
  contentsOf,
  matchLive,
  ordered,
  withOnly,
  type Approved,
  type LockSpec,
  type WorkloadKey,
} from '../../lock/index.ts';
import type { TargetWorld } from './world.ts';

const EMPTY: LockSpec = { liveAccess: 'Deny', approved: [] };

type Live = TargetWorld['workloads'][number];

/** Workloads of the target that no Adopted record of this very target has taken over. */
export function unadopted({ target, records, workloads }: TargetWorld): readonly Live[] {
  const taken = records.filter(({ type, target: of }) => type === 'Adopted' && of.uid === target.metadata.uid);
  return workloads.filter(
    ({ kind, name }) =>
      !taken.some(({ currentSpecs = [] }) => currentSpecs.some((spec) => spec.kind === kind && spec.name === name)),
  );
}

/**
 * The lock as it must be before anything is protected: the live content of each of these workloads is its only approved
 * content, unsigned, and the rest stays.
 */
export function adoptingLock(world: TargetWorld, adopting: readonly Live[]): LockSpec {
  let lock = world.lock?.spec ?? EMPTY;
  for (const { kind, name, live } of adopting) {
    if (live?.spec === undefined) continue;
    const spec = { ...live.spec };
    if (matchLive(contentsOf(lock, { kind, name }), spec) === 'Current') continue;
    lock = withOnly(lock, entryOf(world, { kind, name }, spec, nextRecord(world)));
  }
  return settings(lock, world);
}

/** Settings of the targets in their lock entries; entries of workloads that a target gave up go. */
export function settings(lock: LockSpec, { target, others }: TargetWorld): LockSpec {
  const { name } = target.metadata;
  const approved = lock.approved.flatMap((entry): readonly Approved[] => {
    if (entry.target !== name) return [entry];
    if (!target.spec.workloads.some((workload) => workload.kind === entry.kind && workload.name === entry.name))
      return [];
    const { injected: _old, ...rest } = entry;
    const { injected, minReplicas } = target.spec;
    return [{ ...rest, minReplicas, ...(injected === undefined ? {} : { injected }) }];
  });
  const open = [target, ...others].every(({ spec }) => spec.liveAccess === 'Allow');
  return { liveAccess: open ? 'Allow' : 'Deny', approved: ordered(approved) };
}

/** Content of a workload as a lock entry of this target. */
export function entryOf(
  { target }: TargetWorld,
  { kind, name }: WorkloadKey,
  spec: Readonly<Record<string, unknown>>,
  record: string,
): Omit<Approved, 'role'> {
  const { injected, minReplicas } = target.spec;
  return {
    kind,
    name,
    digest: specDigest(spec),
    target: target.metadata.name,
    minReplicas,
    ...(injected === undefined ? {} : { injected }),
    record,
    spec: { ...approvedSpec(spec) },
  };
}

/** Adopted: what was found and signed by nobody, called so. */
export function adoptedEntry({ now }: TargetWorld, adopting: readonly Live[]): RecordEntry {
  return {
    type: 'Adopted',
    time: rfc3339(now),
    currentSpecs: adopting.flatMap(({ kind, name, live }) =>
      live?.spec === undefined
        ? []
        : [{ kind, name, digest: specDigest({ ...live.spec }), spec: { ...approvedSpec({ ...live.spec }) } }],
    ),
  };
}

function nextRecord({ target, records }: TargetWorld): string {
  const head: RecordSpec | undefined = records.at(-1);
  return recordName(target.metadata.name, (head?.sequence ?? 0) + 1);
}
