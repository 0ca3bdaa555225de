import { parseTime } from '../../../canonical/index.ts';
import type { EnvironmentDecision } from '../decision.ts';
import type { Problem } from '../resolve/index.ts';
import type { EnvironmentWorld } from '../world.ts';

/** Without a class nothing can be decided anew, but what was decided before still ends. */
export function classMissing({ environment, now }: EnvironmentWorld, problem: Problem): EnvironmentDecision {
  const { expiresAt, lastActivityAt, lastHandledExtendAt } = environment.status ?? {};
  const end = expiresAt === undefined ? Number.POSITIVE_INFINITY : parseTime(expiresAt);
  const over = end <= now;
  if (!over)
    return {
      situation: { kind: 'Refused', problems: [problem], lifetime: undefined },
      requeueAfter: Number.isFinite(end) ? end - now : undefined,
    };
  const lifetime = {
    lastActivityAt: parseTime(lastActivityAt ?? '') || now,
    expiresAt: end,
    expired: true,
    handledExtendAt: lastHandledExtendAt,
    extended: false,
  };
  return { action: { do: 'Remove', expired: lifetime } };
}
