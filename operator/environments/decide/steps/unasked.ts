import type { EnvironmentDecision } from '../decision.ts';
import { reporting } from '../observed.ts';
import type { PlannedWorld } from '../world.ts';

/** Apps have not been asked for their reports, or not for long. */
export function unasked({ planned, reports }: PlannedWorld): EnvironmentDecision | undefined {
  const apps = reporting(planned.plan, reports).filter(({ due }) => due);
  return apps.length === 0 ? undefined : { action: { do: 'AskApps', apps } };
}
