import { until, type EnvironmentDecision } from '../decision.ts';
import type { ClassedWorld } from '../world.ts';

/** What was asked for cannot be made: what ran before goes on. */
export function planRefused({ plan, lifetime, now }: ClassedWorld): EnvironmentDecision | undefined {
  if (!('problems' in plan)) return undefined;
  return { situation: { kind: 'Refused', problems: plan.problems, lifetime }, requeueAfter: until(lifetime, now) };
}
