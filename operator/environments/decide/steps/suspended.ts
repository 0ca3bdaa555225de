import { until, type EnvironmentDecision } from '../decision.ts';
import type { PlannedWorld } from '../world.ts';

/** Nothing is written to it: what is there goes on, what is not there is not made. */
export function suspended(world: PlannedWorld): EnvironmentDecision | undefined {
  const { environment, plan, lifetime, now, homeExists } = world;
  if (!environment.spec.suspend || 'problems' in plan) return undefined;
  return homeExists
    ? { action: { do: 'Look', plan, lifetime } }
    : { situation: { kind: 'Suspended', lifetime }, requeueAfter: until(lifetime, now) };
}
