import { MAX_QUORUM, type Promotion } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import { windowGates } from '../../gates/index.ts';
import type { DecisionStep } from './steps.ts';
import { stall } from './verdict.ts';
import { policyFor } from './windows.ts';

type Override = NonNullable<Promotion['spec']['overrides']>[number];

/** Nobody is asked for an emergency where the policy knows none. */
export const emergencyRefused: DecisionStep = ({ policy, promotion }) => {
  if (promotion.spec.emergency === undefined || !('object' in policy)) return undefined;
  const { metadata, spec } = policy.object;
  if (spec.emergency !== undefined) return undefined;
  return stall(
    'EmergencyRefused',
    `policy ${printable(metadata.name)} has no emergency path (spec.emergency): create a Promotion without emergency, or have the policy say who decides then`,
  );
};

/** Nobody is asked for a promotion that passes by what it may not pass by. */
export const overrideRefused: DecisionStep = ({ policy, promotion }) => {
  if (!('object' in policy)) return undefined;
  const { metadata, spec } = policy.object;
  const gates = windowGates(spec);
  const refused = (promotion.spec.overrides ?? []).find(
    ({ gate }) => gates.find(({ name }) => name === gate)?.window.override === undefined,
  );
  if (refused !== undefined) return stall('OverrideRefused', refusal(metadata.name, refused, gates));
  // A status shows no more, and nobody would know what is missing.
  const { length } = policyFor(spec, promotion.spec).quorum;
  return length <= MAX_QUORUM
    ? undefined
    : stall(
        'OverrideRefused',
        `the windows of spec.overrides and policy ${printable(metadata.name)} ask for votes of ${length} groups, and at most ${MAX_QUORUM} are counted: pass by fewer windows`,
      );
};

function refusal(policy: string, { gate }: Override, gates: ReturnType<typeof windowGates>): string {
  const known = gates.some(({ name }) => name === gate);
  const what = known ? 'lets nobody pass by window' : 'has no window';
  const may = gates.flatMap(({ name, window }) => (window.override === undefined ? [] : [printable(name)]));
  const hint = may.length === 0 ? 'without overrides' : `whose overrides name ${may.join(' or ')}`;
  return `policy ${printable(policy)} ${what} ${printable(gate)} (spec.overrides): create a Promotion ${hint}`;
}
