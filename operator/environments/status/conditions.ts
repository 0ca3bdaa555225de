import { annotations, environmentReasons, type EnvironmentReason, type OwnConditionType } from '../../api/index.ts';
import { rfc3339 } from '../../canonical/index.ts';
import type { Condition, ConditionInput, Outcome } from '../../kube/index.ts';
import { BOUNDARY_NAME } from '../naming/index.ts';
import type { Lifetime } from '../decide/lifecycle/index.ts';
import type { PartState } from '../decide/observed.ts';
import { statesOf } from '../decide/states.ts';
import type { Situation } from '../decide/situation.ts';
import type { Summary } from './summary.ts';

export type EnvironmentCondition = ConditionInput<EnvironmentReason, OwnConditionType<'TwinEnvironment'>>;
export type EnvironmentOutcome = Outcome<EnvironmentReason>;

/** A condition as the status is told it, without its time. */
export function condition(
  type: EnvironmentCondition['type'],
  status: EnvironmentCondition['status'],
  reason: EnvironmentReason,
  message: string,
): EnvironmentCondition {
  return { type, status, reason, message };
}

export const admitted = condition('Admitted', 'True', 'Admitted', 'The class takes the environment');

/** That it expires soon, while it does; nothing before, and nothing once it has. */
export function expiring({ expired, expiresAt, ending }: Lifetime): readonly EnvironmentCondition[] {
  if (expired || expiresAt === undefined || ending?.soon !== true) return [];
  const when = `It expires at ${rfc3339(expiresAt)}`;
  return ending.by === 'Max'
    ? [condition('Expiring', 'True', 'ReachesMax', `${when}, whatever happens: its ttl.max is over then`)]
    : [
        condition(
          'Expiring',
          'True',
          'ExpiresSoon',
          `${when}; a change of its spec or a new value of the annotation ${annotations.extendAt} puts that off`,
        ),
      ];
}

/** Whether every twin is ready: False names each that is not, and says TwinFailed as soon as one of them failed. */
export function twinsReady({ services }: Summary): EnvironmentCondition {
  const type = 'TwinsReady';
  if (services.length === 0) return condition(type, 'True', 'NoServices', 'The environment has no services');
  const behind = services.filter(({ state }) => !state.ready);
  if (behind.length === 0) {
    const outdated = services.filter((each) => each.outdated).map(({ name }) => name);
    const also =
      outdated.length === 0
        ? ''
        : `; the VendorTwin of ${outdated.join(', ')} was edited since: what runs goes on until the annotation ${annotations.renewTwinsAt} has a new value`;
    return condition(type, 'True', 'TwinsReady', `Every twin answers${also}`);
  }
  const failed = behind.some(({ state }) => !state.ready && state.failed);
  return condition(type, 'False', failed ? 'TwinFailed' : 'TwinNotReady', list('twin', behind));
}

/**
 * Whether all that runs is what was rendered. What differs is False, what was not seen is Unknown; both name each service
 * and workload that it is about.
 *
 * @param before what was told last: it holds where apps were not asked since this process started
 */
export function twinsWired({ services, workloads }: Summary, before: Condition | undefined): EnvironmentCondition {
  const type = 'TwinsWired';
  const reasonBefore = environmentReasons.find((each) => each === before?.reason);
  const held = before !== undefined && reasonBefore !== undefined && services.some(({ asBefore }) => asBefore);
  // Without anything that was told before, what is missing is missing.
  const looked = held ? services.filter(({ asBefore }) => asBefore === undefined) : services;
  const wiring = (verdict: string): readonly string[] =>
    looked.flatMap(({ name, wiring: each }) => (each.verdict === verdict ? [`${name}: ${each.reason}`] : []));
  const images = (verdict: string): readonly string[] =>
    workloads.flatMap(({ name, proof }) => (proof.verdict === verdict ? [`workload ${name}: ${proof.reason}`] : []));
  const wrong = wiring('False');
  const others = images('False');
  if (wrong.length > 0) return condition(type, 'False', 'WiringDiffers', [...wrong, ...others].join('; '));
  // Wiring of another image than the planned one says nothing about what is to be promoted.
  if (others.length > 0) return condition(type, 'False', 'ImageDiffers', others.join('; '));
  const unseen = [...wiring('Unknown'), ...images('Unknown')];
  if (unseen.length > 0) return condition(type, 'Unknown', 'NotVerified', unseen.join('; '));
  if (held) return condition(type, before.status, reasonBefore, before.message);
  if (services.length === 0) return condition(type, 'True', 'NoServices', 'The environment has no services');
  return condition(type, 'True', 'Verified', 'What runs, and what the app reports where it does, is what was rendered');
}

/** Unknown unless whoever installed Twinlock said that the cluster enforces NetworkPolicies; it is never False. */
export function isolated(enforced: boolean): EnvironmentCondition {
  return enforced
    ? condition('Isolated', 'True', 'Enforced', 'NetworkPolicies deny everything but what is listed')
    : condition(
        'Isolated',
        'Unknown',
        'NotEnforced',
        'NetworkPolicies are in place, but nobody said that this cluster enforces them: with a network plugin that does, start Twinlock with --network-policies-enforced',
      );
}

/**
 * Whether the environment has a URL at which all that is exposed answers.
 *
 * @param before what was told last: it holds while pods that are new have not been tried
 */
export function exposed(
  {
    plan,
    parts,
    bounded,
    reach,
    entrance,
  }: Pick<Extract<Situation, { kind: 'Active' }>, 'plan' | 'parts' | 'bounded' | 'reach' | 'entrance'>,
  before: Condition | undefined,
): EnvironmentCondition {
  if (!bounded) {
    return condition(
      'Exposed',
      'False',
      'NoBoundary',
      'Twinlock runs without --boundary-image, so the environment has no URL; kubectl port-forward reaches it',
    );
  }
  const state = statesOf(plan, parts).of(BOUNDARY_NAME);
  if (!state.ready) {
    const reason = state.failed ? 'BoundaryFailed' : 'BoundaryNotReady';
    return condition('Exposed', 'False', reason, `The boundary ${state.reason}`);
  }
  if (reach.kind === 'NotReached') return condition('Exposed', 'False', 'NotReached', reach.failures.join('; '));
  if (entrance !== undefined) return condition('Exposed', 'False', entrance.reason, entrance.message);
  const answers = condition('Exposed', 'True', 'BoundaryReady', 'The boundary answers, and what is behind it');
  if (reach.kind === 'Reached') return answers;
  if (reach.asBefore && before?.status === 'True') return answers;
  if (reach.asBefore && before?.reason === 'NotReached')
    return condition('Exposed', 'False', 'NotReached', before.message);
  return condition('Exposed', 'False', 'BoundaryNotReady', 'What is exposed was not tried through the boundary yet');
}

/** A clause for each part, ready ones included. */
export function list(what: string, parts: readonly { readonly name: string; readonly state: PartState }[]): string {
  return parts.map(({ name, state }) => `${what} ${name} ${state.ready ? 'is ready' : state.reason}`).join('; ');
}
