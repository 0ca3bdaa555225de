import type { EnvironmentDecision } from '../decision.ts';
import { samePlanInput } from '../plan/index.ts';
import { sendable } from '../states.ts';
import type { PlannedWorld } from '../world.ts';

/** This reconcile has not sent what is planned: what has not changed costs no request. */
export function unapplied({
  planned,
  applied,
  parts,
  children,
  lifetime,
}: PlannedWorld): EnvironmentDecision | undefined {
  const { input, plan } = planned;
  // What was changed while it was sent was not planned from.
  if (applied !== undefined && samePlanInput(applied.of, input)) return undefined;
  const { binding, guards, parts: all } = plan.manifests;
  const wanted = new Set([binding, ...guards, ...all].map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  const surplus = children.filter(({ kind, name }) => !wanted.has(`${kind}/${name}`));
  return { action: { do: 'Apply', of: input, plan, parts: sendable(plan, parts), surplus, lifetime } };
}
