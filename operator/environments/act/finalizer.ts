import { TwinEnvironment } from '../../api/index.ts';
import { FINALIZER } from '../naming/index.ts';
import type { Context } from '../gather/context.ts';

/** Before the first child is made: from now on the environment cannot go without its children being removed. */
export async function ensureFinalizer(
  { client, cache }: Pick<Context, 'client' | 'cache'>,
  environment: TwinEnvironment,
  signal: AbortSignal,
): Promise<void> {
  if (hasFinalizer(environment)) return;
  await writeFinalizers({ client, cache }, environment, [...finalizersOf(environment), FINALIZER], signal);
}

/** After the last child is gone. Finalizers of others stay. */
export async function removeFinalizer(
  { client, cache }: Pick<Context, 'client' | 'cache'>,
  environment: TwinEnvironment,
  signal: AbortSignal,
): Promise<void> {
  const others = finalizersOf(environment).filter((each) => each !== FINALIZER);
  await writeFinalizers({ client, cache }, environment, others, signal);
}

function hasFinalizer(environment: TwinEnvironment): boolean {
  return finalizersOf(environment).includes(FINALIZER);
}

function finalizersOf({ metadata }: TwinEnvironment): readonly string[] {
  return metadata.finalizers ?? [];
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
