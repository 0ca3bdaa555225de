import type { EnvironmentDecision } from '../decision.ts';
import type { Lifetime } from '../lifecycle/index.ts';

/** Its time is over: its children go, the object stays and says so. Asked before anything is planned. */
export function expired(lifetime: Lifetime): EnvironmentDecision | undefined {
  return lifetime.expired ? { action: { do: 'Remove', expired: lifetime } } : undefined;
}
