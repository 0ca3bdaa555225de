import { fieldManagers } from '../../api/index.ts';
import { ApiError, isPolicyUnready, isTransient, Pod, type Client } from '../../kube/index.ts';
import { podTemplateOf, workloadOf } from '../../workloads/index.ts';
import type { LiveWorkload, PresentWorkload, Rehearsal, Running } from '../decide/index.ts';

/**
 * Creates a pod of each workload's template as a dry run, as its controller would make it: whatever
 * changes or refuses pods in the namespace answers.
 */
export async function rehearse(
  client: Pick<Client, 'create'>,
  workloads: readonly LiveWorkload[],
  running: Pick<Running, 'owned'>,
  signal: AbortSignal,
): Promise<readonly Rehearsal[]> {
  const rehearsals = await Promise.all(
    workloads.map(async ({ kind, name, live }): Promise<readonly Rehearsal[]> => {
      if (live?.spec === undefined) return [];
      return [{ kind, name, outcome: await outcomeOf(client, podOf({ kind, name, live }, running), signal) }];
    }),
  );
  return rehearsals.flat();
}

async function outcomeOf(client: Pick<Client, 'create'>, pod: Pod, signal: AbortSignal): Promise<Rehearsal['outcome']> {
  try {
    return { answer: await client.create(Pod, pod, { dryRun: true, fieldManager: fieldManagers.pods, signal }) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.message.includes('does not support dry run')) return { noDryRun: wordsOf(error) };
    // A webhook that does not answer refuses for whoever asks, pods of a controller too.
    const webhook = error.status === 500 && error.message.includes('failed calling webhook');
    if (error.status === 404 || isPolicyUnready(error) || (isTransient(error) && !webhook)) throw error;
    return { refused: wordsOf(error) };
  }
}

/** The API server's own words, without the request that it answers. */
function wordsOf({ message }: ApiError): string {
  const colon = message.indexOf(': ');
  return colon < 0 ? message : message.slice(colon + 2);
}

function podOf({ kind, name, live }: PresentWorkload, { owned }: Pick<Running, 'owned'>): Pod {
  const row = workloadOf(kind);
  const { metadata, spec } = podTemplateOf(kind, live) ?? {};
  const { labels, owner } = row.podOrigin(live, owned);
  // A name of its own: names that are generated would need one request more to be known, and this one is nobody's.
  const own = `${name.slice(0, 40)}-twinlock`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: own,
      namespace: live.metadata.namespace,
      labels: { ...metadata?.labels, ...labels },
      annotations: { ...metadata?.annotations },
      ...(owner === undefined ? {} : { ownerReferences: [owner] }),
    },
    spec: spec && row.podSpec(spec, live.spec ?? {}, own),
    // Without a template there is no spec, and the API server says so.
  } as Pod;
}
