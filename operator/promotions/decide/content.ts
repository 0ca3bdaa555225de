import {
  contentsOf,
  entryOf,
  lockOverflow,
  matchLive,
  withAsked,
  withJob,
  withOpened,
  withReleased,
  withRemoved,
  withRoom,
  type LockSpec,
} from '../../lock/index.ts';
import { printable } from '../../canonical/index.ts';
import { openApproval } from '../../records/index.ts';
import { isPaused, referencesIn, revisionOf } from '../../workloads/index.ts';
import { withSignedConfiguration } from './configured.ts';
import { end } from './end.ts';
import type { Facts } from './facts.ts';
import { isRemoved, manifestOf, removedWorkloads, workloadManifests } from './plan/index.ts';
import { objectRefused } from './object-steps.ts';
import { withObjectsOpened } from './objects.ts';
import type { DecisionStep } from './steps.ts';
import { pending, stall, type Verdict } from './verdict.ts';
import type { DecidingWorld, PlannedWorkload } from './world.ts';

/** What the API server refused may pass later: asked again after so many milliseconds. */
const REFUSED_INTERVAL_MS = 30_000;

/** One rollout at a time; while it runs nobody knows what production will be. */
export const anotherRollsOut: DecisionStep = ({ records, promotion }) => {
  const open = openApproval(records)?.promotion;
  return open === undefined || open.uid === promotion.metadata.uid
    ? undefined
    : pending(
        'AnotherRollout',
        `promotion ${open.name} is being rolled out to the same target: this one goes on when it is over`,
      );
};

/** Every gate has to pass, and one that does not exist has not passed. */
export const gateNotPassed: DecisionStep = (_world, { gates }) => {
  const open = gates.filter(({ result }) => result !== 'Passed');
  if (gates.length > 0 && open.length === 0) return undefined;
  const [first] = open;
  const why = open.map(({ name, summary }) => `gate ${name}: ${summary ?? 'it says nothing'}`);
  return {
    phase: 'Gating',
    reason: first?.result === 'Failed' ? 'GateFailed' : 'GatePending',
    message: why[0] ?? 'no gate was run',
    why,
    stalled: first?.result === 'Failed',
  };
};

/** What is live is what is approved: else there is nothing that a statement could start from. */
export const productionDiffers: DecisionStep = ({ workloads }, { lock }) => {
  for (const { kind, name, live } of workloads) {
    if (live?.spec === undefined) continue;
    const found = matchLive(contentsOf(lock, { kind, name }), { ...live.spec });
    if (found === 'None')
      return stall(
        'Tampered',
        `${kind}/${name} has content that nobody approved: find out how it got there, then put approved content back`,
      );
    if (found !== 'Current')
      return pending('TargetSettling', `${kind}/${name} was rolled back and is being taken over`);
  }
  return undefined;
};

/** Without the artifacts of an environment there is nothing to plan. */
export const nothingToPromote: DecisionStep = (_world, { artifacts }) =>
  'artifacts' in artifacts ? undefined : stall(artifacts.reason, artifacts.message);

/** What is wrong with a manifest is told before any gate: no environment can mend it. */
export const manifestRefused: DecisionStep = (world, facts) => {
  const { promotion, workloads } = world;
  const { manifestFault } = facts;
  if (manifestFault !== undefined) return stall(manifestFault.reason, manifestFault.message);
  return (
    refusalOf(workloads.filter((workload) => manifestOf(promotion.spec, workload) !== undefined)) ??
    objectRefused(world, facts)
  );
};

/** What is taken away is the target's: nothing else was ever approved here. */
export const removalRefused: DecisionStep = ({ promotion, target }) => {
  const own = target?.spec.workloads ?? [];
  const foreign = removedWorkloads(promotion.spec).find(
    ({ kind, name }) => !own.some((each) => each.kind === kind && each.name === name),
  );
  if (foreign !== undefined)
    return stall(
      'WorkloadNotMapped',
      `spec.removes has ${foreign.kind}/${printable(foreign.name)}, and the target has no such workload: it has ${own.map(({ kind, name }) => `${kind}/${name}`).join(', ')}`,
    );
  const both = workloadManifests(promotion.spec).find(({ kind, metadata: { name } }) =>
    isRemoved(promotion.spec, { kind, name }),
  );
  return both === undefined
    ? undefined
    : stall(
        'ManifestInvalid',
        `spec.objects has ${both.kind}/${printable(both.metadata.name)}, which spec.removes takes away: leave it out of one of them`,
      );
};

/** A plan that the API server refused, or a workload that would never roll out. */
export const planRefused: DecisionStep = (world, facts) => refusalOf(world.workloads) ?? objectRefused(world, facts);

function refusalOf(workloads: readonly PlannedWorkload[]): Verdict | undefined {
  for (const { kind, name, planned } of workloads) {
    if (planned === undefined) continue;
    // Other reasons end when an object changes that is watched; whose policy or quota refuses is not known.
    if ('reason' in planned)
      return stall(planned.reason, planned.message, planned.reason === 'PlanRefused' ? REFUSED_INTERVAL_MS : undefined);
    if (isPaused(kind, planned.spec))
      return stall(
        'WorkloadPaused',
        `${kind}/${name} is paused and would never roll out: leave spec.paused out of the manifest, or resume the workload (kubectl rollout resume)`,
        REFUSED_INTERVAL_MS,
      );
  }
  return undefined;
}

/** A Job that the API server refuses, or that would never run. */
export const jobRefused: DecisionStep = ({ jobs }) => {
  for (const { name, planned } of jobs) {
    if (planned === undefined) continue;
    if ('reason' in planned) return stall(planned.reason, planned.message, REFUSED_INTERVAL_MS);
    if (planned.spec['suspend'] === true)
      return stall('PlanRefused', `Job ${name} is suspended, and would never run: leave spec.suspend out of spec.jobs`);
  }
  return undefined;
};

/** Without it an undo could not be told from content that was never applied. */
export const revisionUnknown: DecisionStep = ({ workloads }) => {
  const unseen = workloads.find(
    (workload) => workload.live !== undefined && workload.planned !== undefined && revisionOf(workload) === undefined,
  );
  return unseen === undefined
    ? undefined
    : pending(
        'WorkloadNotObserved',
        `the ${unseen.kind.toLowerCase()} controller has not seen ${unseen.kind}/${unseen.name} yet`,
      );
};

/** Ends a promotion that would change nothing. */
export const alreadyCurrent: DecisionStep = (world, { changed, changedObjects }) => {
  if (changed.length + changedObjects.length > 0) return undefined;
  // Approved, and live without the lock being open for it: the lock was lost and made again since.
  if (world.history.approved !== undefined)
    return end(
      world,
      'Completed',
      'AlreadyCurrent',
      'production runs exactly what was approved; the lock was lost meanwhile, so that nobody verified how it came up',
    );
  const metadata =
    workloadManifests(world.promotion.spec).length === 0
      ? ''
      : '; labels and annotations of the workloads themselves are not locked, kubectl sets them';
  return end(world, 'Superseded', 'AlreadyCurrent', `production already runs exactly this content${metadata}`);
};

/** Told before anybody signs: the lock as it would be opened, with the longest name that a record can have. */
export const lockTooLarge: DecisionStep = (world, facts) => {
  const record = 'x'.repeat(253);
  const { target } = world;
  const overflow = [
    openedLock(world, facts, record),
    ...(target === undefined ? [] : facts.jobs.map((job) => withJob(facts.lock, target, job, record))),
  ]
    .map(lockOverflow)
    .find((found) => found !== undefined);
  return overflow === undefined
    ? undefined
    : stall('LockTooLarge', `${overflow}: move workloads to a namespace of their own`);
};

/** The lock as this promotion opens it. */
export function openedLock(
  { target, promotion }: DecidingWorld,
  { lock, changed, changedObjects, configuration, jobs }: Facts,
  record: string,
): LockSpec {
  if (target === undefined) return lock;
  // What it asked for is approved by this, and what was held still is free again for rotators.
  const { uid = '' } = promotion.metadata;
  const opened = changed.reduce(
    (before, { kind, name, desired }) =>
      desired === undefined
        ? withRemoved(before, { kind, name })
        : withOpened(before, entryOf(target, { kind, name }, desired, record)),
    withAsked(withReleased(lock, uid), [], uid),
  );
  const signed = withSignedConfiguration(opened, configuration, changedObjects);
  // What a Job reads afterwards stays as it was digested, whatever refers to it by then.
  const afterwards = jobs.filter(({ when }) => when === 'after').flatMap(({ spec }) => referencesIn(spec['template']));
  return withRoom(withAsked(withObjectsOpened(signed, target, changedObjects, record), afterwards, uid));
}
