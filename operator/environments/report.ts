import type { TwinEnvironment } from '../api/index.ts';
import { statusOf, transitions } from './status/index.ts';
import type { Situation } from './decide/index.ts';
import type { Context } from './gather/context.ts';
import { latestOf } from './gather/latest.ts';

/** Writes the one status of a reconcile, and tells the events that follow from it. */
export async function reportStatus(
  context: Pick<Context, 'informers' | 'statuses' | 'events'>,
  environment: TwinEnvironment,
  situation: Situation,
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const { statuses, events } = context;
  const latest = latestOf(context, environment);
  const status = statusOf(withStatusOf(environment, latest), situation, now);
  // One that went away meanwhile has no need for a status, and no news.
  if ((await statuses.write(latest, status, signal)) !== 'Written') return;
  for (const transition of transitions(latest.status, status)) {
    events.record({ regarding: latest, ...transition });
  }
}

/**
 * What a status is about: the spec, generation and annotations that the reconcile began with. What came meanwhile was not
 * planned from, and a status that named its generation would vouch for what never ran.
 */
export function withStatusOf(environment: TwinEnvironment, { status }: TwinEnvironment): TwinEnvironment {
  const { status: _former, ...rest } = environment;
  return status === undefined ? rest : { ...rest, status };
}
