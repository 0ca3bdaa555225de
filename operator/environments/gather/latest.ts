import type { TwinEnvironment } from '../../api/index.ts';
import type { Context } from './context.ts';

/** The environment with own writes of this reconcile (the finalizer) in it, if it is still the same one. */
export function latestOf({ informers }: Pick<Context, 'informers'>, environment: TwinEnvironment): TwinEnvironment {
  const latest = informers.environments.lister.get(environment.metadata);
  return latest?.metadata.uid === environment.metadata.uid ? (latest ?? environment) : environment;
}
