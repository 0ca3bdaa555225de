import { keyOf } from '../../../kube/index.ts';
import { until, type EnvironmentDecision } from '../decision.ts';
import { turnOf } from '../lifecycle/index.ts';
import type { PlannedWorld } from '../world.ts';

/** There is no room, or it is another's turn. */
export function queued({ environment, twinClass, room, lifetime, now }: PlannedWorld): EnvironmentDecision | undefined {
  if (room.held) return undefined;
  const turn = turnOf(keyOf(environment), room.candidates, twinClass.spec);
  if (turn.admitted) return undefined;
  const className = twinClass.metadata.name;
  return {
    situation: { kind: 'Queued', position: turn.position, className, lifetime },
    requeueAfter: until(lifetime, now),
  };
}
