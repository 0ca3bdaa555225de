import { TwinEnvironment } from '../../api/index.ts';
import type { Context } from '../gather/context.ts';
import { FINALIZER } from '../naming/index.ts';

/** Puts the finalizer on: from now on the environment cannot go without its children being removed. */
export function addFinalizer(
  context: Pick<Context, 'client' | 'cache'>,
  environment: TwinEnvironment,
  signal: AbortSignal,
): Promise<void> {
  return writeFinalizers(context, environment, [...othersOf(environment), FINALIZER], signal);
}

/** Takes it off. Finalizers of others stay. */
export function removeFinalizer(
  context: Pick<Context, 'client' | 'cache'>,
  environment: TwinEnvironment,
  signal: AbortSignal,
): Promise<void> {
  return writeFinalizers(context, environment, othersOf(environment), signal);
}

function othersOf({ metadata }: TwinEnvironment): readonly string[] {
  return (metadata.finalizers ?? []).filter((each) => each !== FINALIZER);
}

/** The resource version makes sure that no finalizer of somebody else is written over. */
async function writeFinalizers(
  { client, cache }: Pick<Context, 'client' | 'cache'>,
  environment: TwinEnvironment,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid, resourceVersion } = environment.metadata;
  const body = { metadata: { uid, resourceVersion, finalizers } };
  const answer = await client.patch(TwinEnvironment, { namespace, name }, { type: 'merge', body }, { signal });
  cache.absorb(TwinEnvironment, answer);
}
