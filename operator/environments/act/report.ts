import { TwinEnvironment } from '../../api/index.ts';
import { isNotFound } from '../../kube/index.ts';
import { statusOf, transitions, type Situation } from '../status/index.ts';
import type { Context } from '../controller/context.ts';

/** Writes the one status of a reconcile, and tells the events that follow from it. */
export async function reportStatus(
  context: Context,
  environment: TwinEnvironment,
  situation: Situation,
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const { applier, events } = context;
  const latest = latestOf(context, environment);
  const status = statusOf(withStatusOf(environment, latest), situation, now);
  try {
    const { outcome } = await applier.applyStatus(TwinEnvironment, latest, status, { signal });
    if (outcome === 'Unchanged') return;
  } catch (error) {
    // It went away meanwhile, and with it the need for a status.
    if (isNotFound(error)) return;
    throw error;
  }
  for (const transition of transitions(latest.status, status)) {
    events.record({ regarding: latest, ...transition });
  }
}

/** The environment with own writes of this reconcile (the finalizer) in it, if it is still the same one. */
export function latestOf({ informers }: Pick<Context, 'informers'>, environment: TwinEnvironment): TwinEnvironment {
  const latest = informers.environments.lister.get(environment.metadata);
  return latest?.metadata.uid === environment.metadata.uid ? (latest ?? environment) : environment;
}

/**
 * What a status is about: the spec, generation and annotations that the reconcile began with. What came meanwhile was not
 * planned from, and a status that named its generation would vouch for what never ran.
 */
export function withStatusOf(environment: TwinEnvironment, { status }: TwinEnvironment): TwinEnvironment {
  const { status: _former, ...rest } = environment;
  return status === undefined ? rest : { ...rest, status };
}
