import { FINALIZER, homeOf } from '../naming/index.ts';
import type { ObjectKey } from '../../kube/index.ts';
import type { Context } from './context.ts';
import type { World } from '../decide/index.ts';
import { readOrphans } from './orphans.ts';

/** Reads the world of an environment: from the caches, but for what none of them may say alone. */
export async function readWorld(
  context: Pick<Context, 'client' | 'informers' | 'clock' | 'settings'>,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<World> {
  const { informers, clock, settings } = context;
  const orphans = await readOrphans(context, key, signal);
  const environment = informers.environments.lister.get(key);
  if (environment === undefined) return { key, orphans, environment };
  const { namespace = '', finalizers } = environment.metadata;
  return {
    key,
    orphans,
    environment,
    now: clock.now(),
    classes: informers.classes.lister.list(),
    namespaceLabels: informers.namespaces.lister.get({ name: namespace })?.metadata.labels,
    homeExists: informers.namespaces.lister.get({ name: homeOf(environment) }) !== undefined,
    hasFinalizer: finalizers?.includes(FINALIZER) ?? false,
    catalogue: (name) => informers.catalogue.lister.get({ name }),
    settings,
  };
}
