import { until, type EnvironmentDecision } from '../decision.ts';
import type { PlannedWorld } from '../world.ts';

/** What was asked for cannot be made: what ran before goes on. */
export function planRefused({ plan, lifetime, now }: PlannedWorld): EnvironmentDecision | undefined {
  if (!('problems' in plan)) return undefined;
  return { situation: { kind: 'Refused', problems: plan.problems, lifetime }, requeueAfter: until(lifetime, now) };
}
