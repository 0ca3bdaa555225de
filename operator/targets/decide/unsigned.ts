import { acceptedCondition } from '../../trust/index.ts';
import type { TargetVerdict } from './verdict.ts';
import type { UnsignedWorld } from './world.ts';

/** A target of which nothing counts guards nothing yet: what people have to sign is all that is told of it. */
export function unsigned({ standing }: UnsignedWorld): TargetVerdict {
  const { reason, message } = acceptedCondition(standing);
  return { ready: false, stalled: standing.state === 'Refused', reason, message };
}
