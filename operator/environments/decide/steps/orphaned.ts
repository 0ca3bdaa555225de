import type { EnvironmentDecision } from '../decision.ts';
import type { World } from '../world.ts';

/** What namesakes left behind goes before anything else: it runs code, and nobody else removes it. */
export function orphaned({ orphans }: World): EnvironmentDecision | undefined {
  return orphans.length === 0 ? undefined : { action: { do: 'RemoveOrphans', orphans } };
}
