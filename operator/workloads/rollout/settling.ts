import { rfc3339 } from '../../canonical/index.ts';
import type { Pod } from '../../kube/index.ts';
import { nameOf } from './pods.ts';
import { availableSince } from './settled.ts';
import type { Progress, Waiting } from './types.ts';

/**
 * Whether new pods stay available long enough. Derived from the pods alone, so that a restart of anything changes nothing.
 *
 * @param settle milliseconds for which they have to stay so without a restart
 */
export function settling(
  fresh: readonly Pod[],
  { wanted, settle, now }: { readonly wanted: number; readonly settle: number; readonly now: number },
  waiting: Waiting,
): Progress {
  if (fresh.length < wanted) return waiting(`${fresh.length} of ${wanted} new pods are seen`);
  if (fresh.length === 0) return { state: 'Complete' };
  const times = fresh.map(availableSince);
  const down = fresh.filter((_pod, index) => times[index] === undefined);
  if (down.length > 0)
    return waiting(`pod ${down.map(nameOf).join(', ')} was available and is not, or does not say since when`);
  const since = Math.max(...times.map((time) => time ?? Infinity));
  const until = since + settle;
  if (now >= until) return { state: 'Complete' };
  const stay =
    fresh.length === 1 ? 'the new pod is available and has' : `all ${fresh.length} new pods are available and have`;
  return {
    state: 'Settling',
    since,
    until,
    message: `${stay} been so without a restart since ${rfc3339(since)}: it is verified if that lasts until ${rfc3339(until)}`,
  };
}
