import { labels, protections, type ProductionTarget, type Protection, type TargetReason } from '../../api/index.ts';
import { CanonicalError, canonicalJSON, printable } from '../../canonical/index.ts';
import type { LockSpec, WorkloadKey } from '../../lock/index.ts';
import { chainFaults } from '../../records/index.ts';
import { specDigestOrFault } from '../../workloads/index.ts';
import type { TargetVerdict } from './verdict.ts';
import type { LiveObject, LiveWorkload, Named, TargetWorld } from './world.ts';

/** One question about a target; the first step that has an answer ends the decision. */
export type TargetStep = (world: TargetWorld) => TargetVerdict | undefined;

/** The lock as it is; without one nothing is approved. */
export function lockOf({ lock }: Pick<TargetWorld, 'lock'>): LockSpec {
  return lock?.spec ?? { liveAccess: 'Deny', approved: [] };
}

type Placed = Pick<TargetWorld, 'namespace' | 'target' | 'others' | 'lock'>;

/** How the namespace has to be labelled: it is enforced as soon as one of the targets that hold something says so. */
export function wantedProtection({ target, others, lock }: Placed): Protection {
  const holding = others.filter((other) => holdsSomething(other, lock?.spec));
  return [target, ...holding].every(({ spec }) => spec.mode === 'Warn') ? protections.warn : protections.enforce;
}

function holdsSomething({ metadata }: ProductionTarget, lock: LockSpec | undefined): boolean {
  return lock?.approved.some(({ target }) => target === metadata.name) ?? false;
}

/** How it is labelled; undefined when it is not protected, or by a value that nobody knows. */
export function foundProtection({ namespace }: Pick<TargetWorld, 'namespace'>): Protection | undefined {
  const value = namespace?.metadata.labels?.[labels.protected];
  return Object.values(protections).find((known) => known === value);
}

/**
 * Whether the namespace carries exactly the label that its targets want: enforcing where a warning is wanted is a no, too.
 */
export function isProtected(world: Placed): boolean {
  return foundProtection(world) === wantedProtection(world);
}

/** Nothing is refused here, everything is told. */
export function onlyWarns(world: Placed): boolean {
  return wantedProtection(world) === protections.warn;
}

/** A target that is not ready until somebody does what the message says. */
export function stall(reason: TargetReason, message: string): TargetVerdict {
  return { ready: false, stalled: true, reason, message };
}

/** The lock names a record that this process has not seen yet: it must not judge what it does not know. */
export function chainBehind(record = ''): TargetVerdict {
  return { ready: false, reason: 'ChainBehind', message: `record ${record} is not known yet`, requeueAfter: 500 };
}

/** Content that has no digest, in words. */
export function canonicalFault(workload: LiveWorkload): TargetVerdict | undefined {
  const { live } = workload;
  const digested = live?.spec === undefined ? undefined : specDigestOrFault(workload.kind, live.spec);
  return digested !== undefined && 'fault' in digested
    ? stall(
        'ContentNotCanonical',
        `${shown(workload)} cannot be digested, so nobody could sign it: ${printable(digested.fault.message, 500)} (in its spec)`,
      )
    : undefined;
}

/** The same of an object beside the workloads. */
export function objectNotCanonical({ kind, name, live }: LiveObject): TargetVerdict | undefined {
  try {
    canonicalJSON(live ?? null);
    return undefined;
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return stall(
      'ContentNotCanonical',
      `${shown({ kind, name })} cannot be digested, so nobody could sign it: ${printable(error.message, 500)}`,
    );
  }
}

/** Of one namespace, so that kind and name are enough. */
export function sameWorkload(a: Named, b: Named): boolean {
  return a.kind === b.kind && a.name === b.name;
}

/** A target names it, or the lock holds it. */
export function isKnown({ target, others, lock }: Placed, workload: Named): boolean {
  return (
    [target, ...others].some(({ spec }) => spec.workloads.some((each) => sameWorkload(each, workload))) ||
    (lock?.spec.approved.some((entry) => sameWorkload(entry, workload)) ?? false)
  );
}

/** `Kind/name` for messages; a name is cut at 120 characters, and what a terminal could act on is escaped. */
export function shown({ kind, name }: WorkloadKey | Named): string {
  return `${kind}/${printable(name)}`;
}

/** The first few of many, and how many more. */
export function listOf(lines: readonly string[], separator = ', '): string {
  const first = lines.slice(0, 5);
  return lines.length > first.length
    ? `${first.join(separator)} and ${lines.length - first.length} more`
    : first.join(separator);
}

/** What is wrong with a target's chain; undefined when it holds. */
export function chainFault({ records: chain }: Pick<TargetWorld, 'records'>): string | undefined {
  try {
    return chainFaults(chain)[0]?.message;
  } catch (error) {
    // This program writes no such record: somebody changed it behind the API server.
    if (error instanceof CanonicalError) return `a record cannot be digested: ${error.message}`;
    throw error;
  }
}
