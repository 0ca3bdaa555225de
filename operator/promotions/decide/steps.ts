import { recordedReason, type PromotionReason } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import { contentsOf, entryOf, lockOverflow, matchLive, withOpened, type LockSpec } from '../../lock/index.ts';
import { openApproval, outcomeEntry, promotionRef } from '../../records/index.ts';
import { isPaused, revisionOf } from '../../workloads/index.ts';
import { clockTrusted, MAX_SKEW_SECONDS } from '../../votes/index.ts';
import type { Facts } from './facts.ts';
import { isOpened, rolloutVerdict } from './rollout.ts';
import type { Verdict } from './verdict.ts';
import type { World } from './world.ts';

/** What the API server refused may pass later: asked again after so many milliseconds. */
export const REFUSED_INTERVAL_MS = 30_000;

/** One question about a promotion; the first step that has an answer ends the decision. */
export type DecisionStep = (world: World, facts: Facts) => Verdict | undefined;

/** A record says how it ended. */
export const ended: DecisionStep = (_world, { history }) => {
  const outcome = history.ended?.outcome;
  if (outcome === undefined || outcome.result === 'Approved') return undefined;
  return { phase: outcome.result, reason: recordedReason(outcome.reason), message: outcome.message };
};

/** One target's promotions are many, or one person's are: those that came first are looked at. */
export const tooManyOpen: DecisionStep = ({ tooManyOpen: found, now }) =>
  found === undefined
    ? undefined
    : {
        ...pending(
          'TooManyOpen',
          `${found.most} promotions of this target are open before it: it goes on when one of them ends or is deleted (kubectl get promotions)`,
        ),
        requeueAfter: Math.max(found.until - now + 1, 1),
      };

/** Past the point of no return: the lock is open for it. */
export const rollingOut: DecisionStep = (world, facts) => {
  const { approved, round } = facts.history;
  if (approved === undefined || round === undefined || !isOpened(facts.lock, round, approved)) return undefined;
  return rolloutVerdict(world, facts, approved, round);
};

export const expired: DecisionStep = (world, facts) => {
  if (world.now <= facts.notAfter) return undefined;
  const within = `within ${world.promotion.spec.expiresAfter}: create a new Promotion`;
  const message =
    facts.history.approved === undefined
      ? `it was not approved ${within}`
      : `it was approved, and the lock could not be opened for it ${within}`;
  const verdict: Verdict = { phase: 'Expired', reason: 'Expired', message };
  return world.target === undefined || facts.history.rounds.length === 0
    ? verdict
    : { ...verdict, action: append(world, facts, 'Expired', 'Expired', message) };
};

/** Without a clock that agrees with the API server's nobody knows who is in time. */
export const clock: DecisionStep = ({ skewSeconds }) =>
  clockTrusted(skewSeconds)
    ? undefined
    : stall(
        'ClockSkew',
        skewSeconds === undefined
          ? "the API server's time is not known, so nothing is counted"
          : `this clock differs by ${Math.round(skewSeconds)} s from the API server's, more than ${MAX_SKEW_SECONDS} s: set it right (NTP)`,
        5000,
      );

export const target: DecisionStep = ({ promotion, target: object, records, enforcement, lock }) => {
  const name = `ProductionTarget ${printable(promotion.spec.targetRef.name)}`;
  if (object === undefined || object.metadata.deletionTimestamp !== undefined)
    return pending('TargetMissing', `${name} does not exist in this namespace: a platform engineer creates it`);
  const adopted = records.some(({ type, target: of }) => type === 'Adopted' && of.uid === object.metadata.uid);
  if (!adopted || lock === undefined)
    return pending('TargetNotReady', `${name} does not protect its namespace yet: see its conditions`);
  // The lock says whose a workload is: a target that names one of another's later has no say over it.
  const foreign = object.spec.workloads.find(
    (workload) => contentsOf(lock.spec, workload).current?.target !== object.metadata.name,
  );
  if (foreign !== undefined)
    return pending(
      'TargetNotReady',
      `${foreign.kind}/${printable(foreign.name)} is not protected by ${name}: see its conditions`,
    );
  // A target that only warns promises nothing: its promotions go on.
  if (!enforcement.active && object.spec.mode !== 'Warn')
    return stall(
      'EnforcementInactive',
      `the API server does not enforce the lock here, so nothing is rolled out: ${enforcement.message}`,
    );
  return undefined;
};

export const policyAndKeyring: DecisionStep = ({ policy, keyring }) => {
  if ('missing' in policy) return stall('PolicyMissing', policy.missing);
  if ('missing' in keyring) return stall('KeyringMissing', keyring.missing);
  return undefined;
};

export const requester: DecisionStep = (_world, { requestedBy }) =>
  requestedBy === undefined || requestedBy.trim() === ''
    ? stall(
        'RequesterUnknown',
        'nobody knows who requested it, so duties cannot be separated: install the admission policies of Twinlock, then create it again',
      )
    : undefined;

/**
 * Asked each time, not latched with the gate: a namespace that is taken off the list promotes nothing any more. One that
 * was deleted together with its environment changes nothing for a round that is open.
 */
export const admitted: DecisionStep = ({ notAdmitted }, { history }) =>
  notAdmitted === undefined || (notAdmitted.namespaceGone && history.round !== undefined)
    ? undefined
    : stall('EnvironmentNotAdmitted', notAdmitted.message);

/** One rollout at a time; while it runs nobody knows what production will be. */
export const busy: DecisionStep = (world) => {
  const open = openApproval(world.records);
  if (open?.promotion === undefined || open.promotion.uid === world.promotion.metadata.uid) return undefined;
  const line = `promotion ${open.promotion.name} is being rolled out to the same target: this one goes on when it is over`;
  return pending('AnotherRollout', line);
};

export const gates: DecisionStep = (_world, { gates: states }) => {
  const open = states.filter(({ result }) => result !== 'Passed');
  if (states.length > 0 && open.length === 0) return undefined;
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
export const settled: DecisionStep = ({ workloads }, facts) => {
  for (const { kind, name, live } of workloads) {
    if (live?.spec === undefined) continue;
    const found = matchLive(contentsOf(facts.lock, { kind, name }), { ...live.spec });
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

export const plan: DecisionStep = ({ workloads }, facts) => {
  if (!('artifacts' in facts.artifacts)) return stall(facts.artifacts.reason, facts.artifacts.message);
  for (const workload of workloads) {
    const { kind, name, planned } = workload;
    if (planned === undefined) continue;
    if ('reason' in planned) {
      // Other reasons end when an object changes that is watched; whose policy or quota refuses is not known.
      return stall(planned.reason, planned.message, planned.reason === 'PlanRefused' ? REFUSED_INTERVAL_MS : undefined);
    }
    if (isPaused(kind, planned.spec))
      return stall(
        'WorkloadPaused',
        `${kind}/${name} would be paused, so that nothing of it would be rolled out: resume it (kubectl rollout resume), or promote a manifest without spec.paused`,
      );
    // Without it an undo could not be told from content that was never applied.
    if (revisionOf(workload) === undefined)
      return pending('WorkloadNotObserved', `the ${kind.toLowerCase()} controller has not seen ${kind}/${name} yet`);
  }
  return undefined;
};

export const nothingToDo: DecisionStep = (world, facts) => {
  if (facts.changed.length > 0) return undefined;
  const metadata =
    world.promotion.spec.objects === undefined
      ? ''
      : '; labels and annotations of the objects themselves are not locked, kubectl sets them';
  // Approved, and live without the lock being open for it: the lock was lost and made again since.
  const [result, message] =
    facts.history.approved === undefined
      ? (['Superseded', `production already runs exactly this content${metadata}`] as const)
      : ([
          'Completed',
          'production runs exactly what was approved; the lock was lost meanwhile, so that nobody verified how it came up',
        ] as const);
  return {
    phase: result,
    reason: 'AlreadyCurrent',
    message,
    action: append(world, facts, result, 'AlreadyCurrent', message),
  };
};

export const lockFits: DecisionStep = (world, facts) => {
  const overflow = lockOverflow(openedLock(world, facts, 'x'.repeat(253)));
  return overflow === undefined
    ? undefined
    : stall('LockTooLarge', `${overflow}: move workloads to a namespace of their own`);
};

/** The lock as this promotion opens it. */
export function openedLock({ target: object }: World, facts: Facts, record: string): LockSpec {
  let lock = facts.lock;
  if (object === undefined) return lock;
  for (const { kind, name, desired } of facts.changed)
    lock = withOpened(lock, entryOf(object, { kind, name }, desired, record));
  return lock;
}

export function append(
  world: World,
  facts: Facts,
  result: Parameters<typeof outcomeEntry>[0]['result'],
  reason: PromotionReason,
  message: string,
): NonNullable<Verdict['action']> {
  return {
    do: 'Append',
    entry: outcomeEntry({
      now: world.now,
      promotion: promotionRef(world.promotion, facts.requestedBy),
      round: facts.history.round,
      result,
      reason,
      message,
    }),
  };
}

export function stall(reason: PromotionReason, message: string, requeueAfter?: number): Verdict {
  return { phase: 'Pending', reason, message, why: [message], stalled: true, requeueAfter };
}

export function pending(reason: PromotionReason, message: string): Verdict {
  return { phase: 'Pending', reason, message, why: [message] };
}
