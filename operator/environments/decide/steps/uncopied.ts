import { liveKeysOf, sameCopies } from '../copies.ts';
import type { EnvironmentDecision } from '../decision.ts';
import type { PlannedWorld } from '../world.ts';

/**
 * Secrets and ConfigMaps have not been copied, or not for long; one that wants none, and has none, costs nothing. Before
 * what runs is changed, where this process has its rights there already: a workload that rolls for new data starts with it.
 */
export function uncopied(world: PlannedWorld): EnvironmentDecision | undefined {
  const { environment, planned, copied, now } = world;
  const { copies, home, services } = planned.plan;
  const never = copies.length === 0 && copied === undefined && (environment.status?.copied ?? []).length === 0;
  const fresh = copied !== undefined && sameCopies(copied.wanted, copies) && (copies.length === 0 || copied.dueIn > 0);
  if (never || fresh || !mayCopy(world)) return undefined;
  return { action: { do: 'Copy', copies, liveKeys: liveKeysOf(services), now, home } };
}

function mayCopy({ applied, children, planned }: PlannedWorld): boolean {
  const { binding } = planned.plan.manifests;
  if (applied !== undefined) return applied.outcome.kind === 'Sent';
  return children.some(({ kind, name }) => kind === binding.kind && name === binding.metadata.name);
}
