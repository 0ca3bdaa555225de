import { ConfigMap, Secret, type Client } from '../../kube/index.ts';
import { referencesIn, referencesOf, type ConfigurationKey } from '../../workloads/index.ts';
import type { DecidingWorld, FoundConfiguration } from '../decide/index.ts';
import { configMapDigest, digestKey, secretDigest } from './content-digest.ts';

/**
 * Adds what the ConfigMaps and Secrets hold that the planned contents refer to, as digests: what a Secret holds goes no
 * further than this. Read by name, one by one, after the lock that says which are frozen.
 *
 * @param systemNamespace where the key of the digests is
 */
export async function withConfiguration(
  client: Pick<Client, 'find' | 'get' | 'apply'>,
  systemNamespace: string,
  world: DecidingWorld,
  signal: AbortSignal,
): Promise<DecidingWorld> {
  const { namespace = '' } = world.promotion.metadata;
  const ofWorkloads = world.workloads.flatMap(({ kind, planned }) =>
    planned !== undefined && 'spec' in planned ? referencesOf(kind, planned.spec) : [],
  );
  const ofJobs = world.jobs.flatMap(({ planned }) =>
    planned !== undefined && 'spec' in planned ? referencesIn(planned.spec['template']) : [],
  );
  const references = [...ofWorkloads, ...ofJobs];
  if (references.length === 0) return world;
  const named = new Map(references.map(({ kind, name }) => [`${kind}/${name}`, { kind, name }]));
  const hasSecret = references.some(({ kind }) => kind === 'Secret');
  const key = hasSecret ? await digestKey(client, systemNamespace, signal) : undefined;
  const stateOf = async ({ kind, name }: ConfigurationKey): Promise<FoundConfiguration['state']> => {
    const at = { namespace, name };
    const found = await (kind === 'Secret'
      ? client.find(Secret, at, { signal })
      : client.find(ConfigMap, at, { signal }));
    if (found === undefined) return 'Absent';
    if (found.metadata.deletionTimestamp !== undefined) return 'Ending';
    if (key === undefined || kind === 'ConfigMap') return configMapDigest(found);
    return secretDigest(found, key);
  };
  const configuration = await Promise.all(
    [...named.values()].map(async (each): Promise<FoundConfiguration> => ({ ...each, state: await stateOf(each) })),
  );
  return { ...world, configuration };
}
