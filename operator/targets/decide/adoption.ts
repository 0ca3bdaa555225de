import type { ProductionTarget } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import { contentsOf, lockBytes, MAX_LOCK_BYTES, sameLock } from '../../lock/index.ts';
import { adoptedEntry, adoptingLock, unadopted } from './adopt.ts';
import { isProtected, lockOf, stall, type TargetStep } from './common.ts';
import { strangersAmong } from './strangers.ts';
import type { TargetVerdict } from './verdict.ts';
import type { Named } from './world.ts';

/** One workload, one target: who has it keeps it, else the first by creation gets it. */
export const taken: TargetStep = (world) => {
  const { target, others } = world;
  for (const { kind, name } of target.spec.workloads) {
    const holder = lockOf(world).approved.find((entry) => entry.kind === kind && entry.name === name)?.target;
    if (holder === target.metadata.name) continue;
    const other = others.find(
      (candidate) =>
        candidate.spec.workloads.some((w) => w.kind === kind && w.name === name) &&
        (candidate.metadata.name === holder || isOlder(candidate, target)),
    );
    if (other !== undefined)
      return stall(
        'WorkloadTaken',
        `${kind}/${printable(name)} belongs to ProductionTarget ${other.metadata.name} already: name it in one target only`,
      );
  }
  return undefined;
};

/** Nothing is taken over while one of the workloads does not exist. */
export const missingAtFirst: TargetStep = (world) => (unadopted(world).length === 0 ? undefined : missing(world));

export const missing: TargetStep = (world) => {
  const absent = world.workloads.find(({ live }) => live === undefined);
  if (absent === undefined) return undefined;
  const { current } = contentsOf(lockOf(world), absent);
  const shown = `${absent.kind}/${printable(absent.name)}`;
  return current === undefined
    ? stall(
        'WorkloadMissing',
        `${shown} does not exist: create it before a target protects it, or take it out of spec.workloads`,
      )
    : stall(
        'WorkloadMissing',
        `${shown} was deleted: create it again with exactly its approved content (record ${current.record})`,
      );
};

/** Pods are not followed, there are too many; while they stand in the way of an adoption they are looked at again. */
const LOOK_AGAIN = 10_000;

/** A namespace that also runs what no target names is not taken over: it would be half open. */
export const strangers: TargetStep = (world) => {
  if (unadopted(world).length === 0) return undefined;
  const { target, others, running } = world;
  const named = [target, ...others].flatMap(({ spec }) => spec.workloads);
  const isNamed = ({ kind, name }: Named): boolean => named.some((w) => w.kind === kind && w.name === name);
  const deployments = running.deployments.map((live) => ({ kind: 'Deployment', name: live.metadata.name, live }));
  const unnamed = [...deployments, ...running.others].filter((workload) => !isNamed(workload));
  if (unnamed.length > 0)
    return stall(
      'UnnamedWorkloads',
      `the namespace also runs ${listOf(unnamed.map(({ kind, name }) => `${kind}/${name}`))}, which no ProductionTarget names: name them or move them`,
    );
  const own = deployments.filter(isNamed).map(({ live }) => live);
  const foreign = strangersAmong(
    running,
    own,
    [target, ...others].flatMap(({ spec }) => spec.injected ?? []),
  );
  if (foreign.length > 0)
    return {
      ...stall(
        'ForeignPods',
        `the namespace runs pods that are not of the present template of a named workload: ${listOf(foreign.map(({ metadata }) => metadata.name))}; delete them, move them, or let the rollout finish`,
      ),
      requeueAfter: LOOK_AGAIN,
    };
  return undefined;
};

/** Lock first, then the label, then the canary, then the live specs once more; only then is it recorded. */
export const adoption: TargetStep = (world) => {
  const adopting = unadopted(world);
  if (adopting.length === 0) return undefined;
  const wanted = adoptingLock(world, adopting);
  const bytes = lockBytes(wanted);
  if (bytes > MAX_LOCK_BYTES)
    return stall(
      'LockTooLarge',
      `the lock of the namespace would take ${bytes} bytes and may take ${MAX_LOCK_BYTES}: nothing was changed, move workloads to a namespace of their own`,
    );
  const going: TargetVerdict = { ready: false, reason: 'Adopting', message: 'live content is being taken over' };
  if (world.lock === undefined || !sameLock(world.lock.spec, wanted))
    return { ...going, action: { do: 'WriteLock', lock: wanted, because: 'live content is taken over' } };
  if (!isProtected(world)) return { ...going, action: { do: 'Protect' } };
  if (!world.enforcement.active)
    return {
      ...going,
      reason: 'EnforcementInactive',
      message: `the API server does not enforce the lock yet: ${world.enforcement.message}`,
      // A label and a lock take a moment to reach admission.
      requeueAfter: world.enforcement.drifted === true ? undefined : 250,
    };
  return { ...going, action: { do: 'Append', entry: adoptedEntry(world, adopting) } };
};

const age = ({ metadata }: ProductionTarget): string => `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`;

function isOlder(a: ProductionTarget, b: ProductionTarget): boolean {
  return age(a) < age(b);
}

function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => printable(name));
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ');
}
