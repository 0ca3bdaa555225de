import { printable } from '../../canonical/index.ts';
import { REVISION_ANNOTATION } from '../../kube/index.ts';
import { contentsOf, entryOf, lockOverflow, matchLive, withOpened, type LockSpec } from '../../lock/index.ts';
import { historyOf, openApproval, outcomeEntry, promotionRef, type RecordSpec } from '../../records/index.ts';
import { clockTrusted, MAX_SKEW_SECONDS } from '../approvals/index.ts';
import type { Facts } from './facts.ts';
import { isOpened, rolloutVerdict } from './rollout.ts';
import type { Verdict } from './verdict.ts';
import type { World } from './world.ts';

/** What the API server refused may pass later: asked again after so many milliseconds. */
export const REFUSED_INTERVAL_MS = 30_000;
const CAME_TO_NOTHING: readonly string[] = ['Rejected', 'Expired', 'Superseded'];

/** One question about a promotion; the first step that has an answer ends the decision. */
export type DecisionStep = (world: World, facts: Facts) => Verdict | undefined;

/** A record says how it ended. */
export const ended: DecisionStep = (_world, { history }) => {
  const outcome = history.ended?.outcome;
  if (outcome === undefined || outcome.result === 'Approved') return undefined;
  return { phase: outcome.result, reason: outcome.reason, message: outcome.message };
};

/** Past the point of no return: the lock is open for it. */
export const rollingOut: DecisionStep = (world, facts) => {
  const { approved, round } = facts.history;
  if (approved === undefined || round === undefined || !isOpened(facts.lock, round, approved)) return undefined;
  return rolloutVerdict(world, facts, approved, round);
};

export const expired: DecisionStep = (world, facts) => {
  if (world.now <= facts.notAfter) return undefined;
  const message = `it was not approved within ${world.promotion.spec.expiresAfter}: create a new Promotion`;
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

/** A newer promotion of the same workloads whose round is open takes the place of one that still waits. */
export const superseded: DecisionStep = (world, facts) => {
  const ours = 'artifacts' in facts.artifacts ? facts.artifacts.artifacts : (world.target?.spec.workloads ?? []);
  const newer = world.siblings.find((sibling) => {
    if (sibling.spec.supersedes !== 'Older') return false;
    const { rounds, ended: end } = historyOf(world.records, sibling.metadata.uid ?? '');
    const [round] = rounds;
    // One that came to nothing takes nobody's place.
    if (end?.outcome !== undefined && CAME_TO_NOTHING.includes(end.outcome.result)) return false;
    if (round === undefined || !isNewer(sibling, round, world.promotion, facts.history.rounds[0])) return false;
    return (round.artifacts ?? []).some((a) => ours.some((b) => a.kind === b.kind && a.name === b.name));
  });
  if (newer === undefined) return undefined;
  const message = `promotion ${newer.metadata.name} is newer and asks for votes`;
  return {
    phase: 'Superseded',
    reason: 'Newer',
    message,
    action: append(world, facts, 'Superseded', 'Newer', message),
  };
};

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
  for (const { kind, name, live, planned } of workloads) {
    if (planned === undefined) continue;
    if ('reason' in planned) {
      // Other reasons end when an object changes that is watched; whose policy or quota refuses is not known.
      return stall(planned.reason, planned.message, planned.reason === 'PlanRefused' ? REFUSED_INTERVAL_MS : undefined);
    }
    // Without it an undo could not be told from content that was never applied.
    if (live?.metadata.annotations?.[REVISION_ANNOTATION] === undefined)
      return pending('WorkloadNotObserved', `the deployment controller has not seen ${kind}/${name} yet`);
  }
  return undefined;
};

export const nothingToDo: DecisionStep = (world, facts) => {
  if (facts.changed.length > 0) return undefined;
  const message =
    world.promotion.spec.objects === undefined
      ? 'production already runs exactly this content'
      : 'production already runs exactly this content; labels and annotations of the objects themselves are not locked, kubectl sets them';
  const verdict: Verdict = { phase: 'Superseded', reason: 'AlreadyCurrent', message };
  return { ...verdict, action: append(world, facts, 'Superseded', 'AlreadyCurrent', message) };
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
  reason: string,
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

export function stall(reason: string, message: string, requeueAfter?: number): Verdict {
  return { phase: 'Pending', reason, message, why: [message], stalled: true, requeueAfter };
}

export function pending(reason: string, message: string): Verdict {
  return { phase: 'Pending', reason, message, why: [message] };
}

/** Times of creation have whole seconds; within one, the later round belongs to the newer promotion. */
function isNewer(
  sibling: World['promotion'],
  theirs: RecordSpec,
  own: World['promotion'],
  ours: RecordSpec | undefined,
): boolean {
  const [a = '', b = ''] = [sibling.metadata.creationTimestamp, own.metadata.creationTimestamp];
  return a === b ? theirs.sequence > (ours?.sequence ?? Infinity) : a > b;
}
