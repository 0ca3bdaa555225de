import { sameCopies, type LiveKey } from '../copies.ts';
import type { EnvironmentDecision } from '../decision.ts';
import type { PlannedWorld } from '../world.ts';

/** Secrets and ConfigMaps have not been copied, or not for long; one that wants none, and has none, costs nothing. */
export function uncopied({ environment, planned, copied }: PlannedWorld): EnvironmentDecision | undefined {
  const { copies, home, services } = planned.plan;
  const never = copies.length === 0 && copied === undefined && (environment.status?.copied ?? []).length === 0;
  const fresh = copied !== undefined && sameCopies(copied.wanted, copies) && (copies.length === 0 || copied.dueIn > 0);
  if (never || fresh) return undefined;
  const liveKeys: readonly LiveKey[] = services.flatMap(({ name, liveKeyPatterns }) =>
    liveKeyPatterns.map((pattern) => ({ service: name, pattern })),
  );
  return { action: { do: 'Copy', copies, liveKeys, home } };
}
