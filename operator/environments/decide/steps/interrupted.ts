import { AGAIN_MS, until, type EnvironmentDecision } from '../decision.ts';
import { problem } from '../resolve/index.ts';
import type { PlannedWorld } from '../world.ts';

/** Somebody took the namespace away while its children were sent. */
export function interrupted({ applied, planned, lifetime, now }: PlannedWorld): EnvironmentDecision | undefined {
  if (applied?.outcome.kind !== 'NamespaceGone') return undefined;
  const message = `namespace ${planned.plan.home.namespace} went away; it is made again`;
  return {
    situation: { kind: 'Blocked', final: false, problem: problem('NamespaceTerminating', message), lifetime },
    requeueAfter: until(lifetime, now, AGAIN_MS),
  };
}
