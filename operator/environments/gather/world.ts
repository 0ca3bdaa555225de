import { FINALIZER, homeOf } from '../naming/index.ts';
import type { ObjectKey } from '../../kube/index.ts';
import type { Context } from './context.ts';
import type { EnvironmentWorld } from '../decide/index.ts';

/** @returns undefined when there is no TwinEnvironment of that name */
export function readWorld(
  { informers, clock, settings }: Pick<Context, 'informers' | 'clock' | 'settings'>,
  key: ObjectKey,
): EnvironmentWorld | undefined {
  const environment = informers.environments.lister.get(key);
  if (environment === undefined) return undefined;
  const { namespace = '', finalizers } = environment.metadata;
  return {
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
