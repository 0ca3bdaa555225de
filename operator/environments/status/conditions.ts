import { printable } from '../../canonical/index.ts';
import type { Condition, ConditionInput } from '../../kube/index.ts';
import { withCondition } from '../../kube/index.ts';
import { BOUNDARY_NAME } from '../naming/index.ts';
import type { Problem } from '../decide/resolve/index.ts';
import { partState, type ObservedParts, type PartState } from './observed.ts';
import type { Summary } from './summary.ts';

/** Without who it speaks about and since when. */
export type Says = Pick<ConditionInput, 'type' | 'status' | 'reason' | 'message'>;

const MAX_MESSAGE = 4096;

export function says(type: string, status: Condition['status'], reason: string, message: string): Says {
  return { type, status, reason, message };
}

/**
 * The conditions of a status: those that are said now. The abnormal-true ones of kstatus (Reconciling, Stalled) exist
 * only while they are true; others that nothing is said about are gone with what they spoke about.
 */
export function conditionsOf(
  previous: readonly Condition[] | undefined,
  said: readonly Says[],
  generation: number | undefined,
  now: number,
): Condition[] {
  let conditions = previous ?? [];
  for (const { type, status, reason, message } of said) {
    const text = printable(message, MAX_MESSAGE);
    conditions = withCondition(
      conditions,
      { type, status, reason, message: text, observedGeneration: generation },
      now,
    );
  }
  const order = said.map(({ type }) => type);
  return conditions
    .filter(({ type }) => order.includes(type))
    .toSorted((a, b) => order.indexOf(a.type) - order.indexOf(b.type));
}

export function refused(problems: readonly Problem[]): readonly Says[] {
  const [first] = problems;
  const reason = first?.reason ?? 'Refused';
  const message = problems.map((each) => each.message).join('; ');
  return [
    says('Ready', 'False', reason, message),
    says('Stalled', 'True', reason, message),
    says('Admitted', 'False', reason, message),
  ];
}

export function twinsReady({ services }: Summary): Says {
  const type = 'TwinsReady';
  if (services.length === 0) return says(type, 'True', 'NoServices', 'The environment has no services');
  const behind = services.filter(({ state }) => !state.ready);
  if (behind.length === 0) return says(type, 'True', 'TwinsReady', 'Every twin answers');
  const failed = behind.some(({ state }) => !state.ready && state.failed);
  return says(type, 'False', failed ? 'TwinFailed' : 'TwinNotReady', list('twin', behind));
}

export function twinsWired({ services, workloads }: Summary): Says {
  const type = 'TwinsWired';
  const wiring = (verdict: string): readonly string[] =>
    services.flatMap(({ name, wiring: each }) => (each.verdict === verdict ? [`${name}: ${each.reason}`] : []));
  const images = (verdict: string): readonly string[] =>
    workloads.flatMap(({ name, proof }) => (proof.verdict === verdict ? [`workload ${name}: ${proof.reason}`] : []));
  const wrong = wiring('False');
  const others = images('False');
  if (wrong.length > 0) return says(type, 'False', 'WiringDiffers', [...wrong, ...others].join('; '));
  // Wiring of another image than the planned one says nothing about what is to be promoted.
  if (others.length > 0) return says(type, 'False', 'ImageDiffers', others.join('; '));
  const unseen = [...wiring('Unknown'), ...images('Unknown')];
  if (unseen.length > 0) return says(type, 'Unknown', 'NotVerified', unseen.join('; '));
  if (services.length === 0) return says(type, 'True', 'NoServices', 'The environment has no services');
  return says(type, 'True', 'Verified', 'What runs, and what the app reports where it does, is what was rendered');
}

export function isolated(enforced: boolean): Says {
  return enforced
    ? says('Isolated', 'True', 'Enforced', 'NetworkPolicies deny everything but what is listed')
    : says(
        'Isolated',
        'Unknown',
        'NotEnforced',
        'NetworkPolicies are in place, but nobody said that this cluster enforces them: with a network plugin that does, start Twinlock with --network-policies-enforced',
      );
}

export function exposed(parts: ObservedParts, bounded: boolean): Says {
  if (!bounded) {
    return says(
      'Exposed',
      'False',
      'NoBoundary',
      'Twinlock runs without --boundary-image, so the environment has no URL; kubectl port-forward reaches it',
    );
  }
  const state = partState(parts, BOUNDARY_NAME);
  return state.ready
    ? says('Exposed', 'True', 'BoundaryReady', 'The boundary answers')
    : says('Exposed', 'False', state.failed ? 'BoundaryFailed' : 'BoundaryNotReady', `The boundary ${state.reason}`);
}

export function list(what: string, parts: readonly { readonly name: string; readonly state: PartState }[]): string {
  return parts.map(({ name, state }) => `${what} ${name} ${state.ready ? 'is ready' : state.reason}`).join('; ');
}
