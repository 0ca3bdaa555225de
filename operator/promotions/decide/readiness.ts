import { printable } from '../../canonical/index.ts';
import { contentsOf } from '../../lock/index.ts';
import { clockTrusted, MAX_SKEW_SECONDS } from '../../votes/index.ts';
import { notAdmitted } from './admitted.ts';
import { end } from './end.ts';
import type { DecisionStep } from './steps.ts';
import { pending, stall, type Verdict } from './verdict.ts';
import type { Known } from './world.ts';

/** Milliseconds after which a clock that is off is compared again. */
const CLOCK_INTERVAL_MS = 5000;

/** Past `expiresAfter`, approved or not. */
export const expired: DecisionStep = (world, { notAfter }) => expiredAt(world, notAfter);

/** The same of one of which nothing else can be judged. */
export function expiredAt(world: Known, notAfter: number): Verdict | undefined {
  if (world.now <= notAfter) return undefined;
  const { approved, rounds } = world.history;
  const within = `within ${world.promotion.spec.expiresAfter}: create a new Promotion`;
  const message =
    approved === undefined
      ? `it was not approved ${within}`
      : `it was approved, and the lock could not be opened for it ${within}`;
  // What nobody was asked about leaves no record.
  return rounds.length === 0
    ? { phase: 'Expired', reason: 'Expired', message }
    : end(world, 'Expired', 'Expired', message);
}

/** Without a clock that agrees with the API server's nobody knows who is in time. */
export const clockSkewed: DecisionStep = ({ skewSeconds }) =>
  clockTrusted(skewSeconds)
    ? undefined
    : stall(
        'ClockSkew',
        `this clock differs by ${Math.round(skewSeconds)} s from the API server's, more than ${MAX_SKEW_SECONDS} s: set it right (NTP)`,
        CLOCK_INTERVAL_MS,
      );

/** A target that is on its way out is as good as none. */
export const targetMissing: DecisionStep = ({ promotion, target }) =>
  target === undefined || target.metadata.deletionTimestamp !== undefined
    ? pending(
        'TargetMissing',
        `ProductionTarget ${printable(promotion.spec.targetRef.name)} does not exist in this namespace: a platform engineer creates it`,
      )
    : undefined;

/** The target has to be adopted, with a lock that holds each of its workloads for this very target. */
export const targetNotReady: DecisionStep = ({ target, records, lock, workloads }) => {
  const { uid, name } = target?.metadata ?? { name: '' };
  const adopted = records.some(({ type, target: of }) => type === 'Adopted' && of.uid === uid);
  if (!adopted || lock === undefined)
    return pending(
      'TargetNotReady',
      `ProductionTarget ${printable(name)} does not protect its namespace yet: see its conditions`,
    );
  // The lock says whose a workload is: a target that names one of another's later has no say over it.
  const foreign = workloads.find((workload) => {
    const { current, fallback } = contentsOf(lock.spec, workload);
    const owner = (current ?? fallback)?.target;
    // What does not exist yet has no owner before its first promotion.
    return owner !== name && !(owner === undefined && workload.live === undefined);
  });
  return foreign === undefined
    ? undefined
    : pending(
        'TargetNotReady',
        `${foreign.kind}/${printable(foreign.name)} is not protected by ProductionTarget ${printable(name)}: see its conditions`,
      );
};

/** A target that only warns promises nothing: its promotions go on. */
export const notEnforced: DecisionStep = ({ target, enforcement }) =>
  enforcement.active || target?.spec.mode === 'Warn'
    ? undefined
    : stall(
        'EnforcementInactive',
        `the API server does not enforce the lock here, so nothing is rolled out: ${enforcement.message}`,
      );

/** Without its policy nobody knows how many have to sign. */
export const policyMissing: DecisionStep = ({ policy }) => {
  if ('object' in policy) return undefined;
  return stall(
    'PolicyMissing',
    'defaults' in policy
      ? `there are ${policy.defaults} default ApprovalPolicies: a platform engineer makes it one, or names one in the target`
      : absent('ApprovalPolicy', policy, 'a platform engineer creates it'),
  );
};

/** Without its keyring no signature counts. */
export const keyringMissing: DecisionStep = ({ keyring }) =>
  'missing' in keyring
    ? stall(
        'KeyringMissing',
        absent('ApproverKeyring', keyring, 'a platform engineer creates it', ', so nobody can approve'),
      )
    : undefined;

/** What is not there, or does not count. */
function absent(
  kind: string,
  { missing, because }: { readonly missing: string; readonly because?: string | undefined },
  remedy: string,
  consequence = '',
): string {
  const name = `${kind} ${printable(missing)}`;
  return because === undefined
    ? `${name} does not exist${consequence}: ${remedy}`
    : `${name} does not count${consequence}: ${printable(because, 500)}`;
}

/** Duties are separated from whoever asked: without a name there is nothing to compare with. */
export const requesterUnknown: DecisionStep = (_world, { requestedBy }) =>
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
export const environmentNotAdmitted: DecisionStep = ({ promotion, target, namespaceLabels, classes, history }) => {
  const found = notAdmitted({
    namespace: promotion.spec.environmentRef.namespace,
    labels: namespaceLabels,
    allowedFrom: target?.spec.allowedFrom,
    classes,
  });
  return found === undefined || (found.namespaceGone && history.round !== undefined)
    ? undefined
    : stall('EnvironmentNotAdmitted', found.message);
};
