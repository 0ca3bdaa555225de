/** The API server with the CRDs of this tree, and dry runs against it. */
import { Agent, request as send } from 'undici';

import { kinds, recordName } from '../../operator/api/index.ts';
import type { KindDefinition } from '../../operator/api/index.ts';
import { startApi } from '../harness/index.ts';
import { readKubeconfig } from '../harness/kubeconfig.ts';
import type { Answer, ApiCluster } from '../harness/index.ts';
import { crdTexts, installCRDs } from '../stage/crds.ts';
import { withValue } from './api-fields.ts';
import type { Path } from './api-fields.ts';
import type { Sample } from './api-samples.ts';

export const namespace = 'api-schemas';

/** An API server with the CRDs, and kept connections to it: thousands of requests would shake hands thousands of times. */
export interface Api {
  readonly cluster: ApiCluster;
  readonly request: (method: string, path: string, body?: unknown, contentType?: string) => Promise<Answer>;
  readonly stop: () => Promise<void>;
}

/** An API server of its own: admission policies that other tests install would refuse what is written here. */
export async function apiWithCRDs(): Promise<Api> {
  const cluster = await startApi();
  const api = await connect(cluster);
  await installCRDs(cluster, await crdTexts());
  await api.request('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  return api;
}

async function connect(cluster: ApiCluster): Promise<Api> {
  const { endpoint, credentials } = await readKubeconfig(cluster.kubeconfig);
  if (!('certificate' in credentials)) throw new Error('the admin has no client certificate');
  const connect = { ca: endpoint.authority, cert: credentials.certificate, key: credentials.key };
  const agent = new Agent({ connect, connections: 4 });
  return {
    cluster,
    request: async (method, path, body, contentType = 'application/json') => {
      const answer = await send(new URL(path, endpoint.server), {
        method,
        dispatcher: agent,
        headers: { accept: 'application/json', 'content-type': contentType },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.statusCode, body: await answer.body.json() };
    },
    stop: async () => {
      await agent.close();
      await cluster.stop();
    },
  };
}

export function kindOf(sample: Sample): KindDefinition {
  return kinds.find(({ kind }) => kind === sample.kind)!;
}

/** Path of a kind's collection, in the namespace of these tests where it has one. */
export function collection(kind: KindDefinition): string {
  return `/apis/twinlock.dev/v1alpha1${kind.namespaced ? `/namespaces/${namespace}` : ''}/${kind.plural}`;
}

const strictDryRun = 'dryRun=All&fieldValidation=Strict';

/** @param options.keepName a record's name follows from its content; without this, a variant gets the name that fits */
export function dryCreate(
  api: Api,
  sample: Sample,
  { keepName = false }: { readonly keepName?: boolean } = {},
): Promise<Answer> {
  const { status: _status, ...object } = sample;
  const body =
    sample.kind === 'PromotionRecord' && !keepName ? { ...object, metadata: { name: chainedName(sample) } } : object;
  return api.request('POST', `${collection(kindOf(sample))}?${strictDryRun}`, body);
}

/** Creates the sample under another target or name, so that those who try to create it find room, and tries to change it. */
export async function dryUpdate(api: Api, sample: Sample, path: Path, value: unknown): Promise<Answer> {
  const renamed = renamedFor(sample, 'update');
  const created = await api.request('POST', collection(kindOf(sample)), renamed);
  const stored = created.status === 409 ? await read(api, renamed) : (created.body as Sample);
  return api.request(
    'PUT',
    `${collection(kindOf(sample))}/${renamed.metadata.name}?${strictDryRun}`,
    withValue(stored, path, value),
  );
}

async function read(api: Api, sample: Sample): Promise<Sample> {
  return (await api.request('GET', `${collection(kindOf(sample))}/${sample.metadata.name}`)).body as Sample;
}

function renamedFor(sample: Sample, purpose: string): Sample {
  const { status: _status, ...object } = sample;
  if (sample.kind !== 'PromotionRecord') return { ...object, metadata: { name: `${sample.metadata.name}-${purpose}` } };
  const renamed = withValue<Sample>(object, ['spec', 'target', 'name'], purpose);
  return { ...renamed, metadata: { name: chainedName(renamed) } };
}

/** Creates the object whose status {@link dryStatus} tries to write; its name leaves that of the sample free. */
export async function createForStatus(api: Api, sample: Sample): Promise<void> {
  const answer = await api.request('POST', collection(kindOf(sample)), renamedFor(sample, 'with-status'));
  if (answer.status !== 201) throw new Error(`${sample.kind} was not created: ${causesOf(answer)[0]?.message}`);
}

export function dryStatus(api: Api, sample: Sample): Promise<Answer> {
  return api.request(
    'PATCH',
    `${collection(kindOf(sample))}/${statusName(sample)}/status?${strictDryRun}`,
    // What a status begins with does not stay where the sample has none.
    { status: { observedGeneration: null, ...(sample.status as object) } },
    'application/merge-patch+json',
  );
}

function statusName({ metadata }: Sample): string {
  return `${metadata.name}-with-status`;
}

/** A record's name follows from its content; a variant of the content gets the name that fits. */
function chainedName({ spec, metadata }: Sample): string {
  const { target, sequence } = spec as { readonly target?: { readonly name?: unknown }; readonly sequence?: unknown };
  return typeof target?.name === 'string' && target.name !== '' && Number.isInteger(sequence)
    ? recordName(target.name.slice(0, 100), sequence as number)
    : metadata.name;
}

/** One thing that the API server has against an object. */
export interface Cause {
  readonly field: string;
  readonly message: string;
}

export function causesOf({ body }: Answer): readonly Cause[] {
  const { details, message = '' } = body as { details?: { causes?: readonly Partial<Cause>[] }; message?: string };
  const causes = (details?.causes ?? []).map(({ field = '', message: text = '' }) => ({ field, message: text }));
  return causes.length > 0 ? causes : [{ field: '', message }];
}
