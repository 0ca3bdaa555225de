/** The API server with the CRDs of this tree, and dry runs against it. */
import { kinds, recordName } from '../../operator/api/index.ts';
import type { KindDefinition } from '../../operator/api/index.ts';
import { startApi, waitFor } from '../harness/index.ts';
import type { Answer, ApiCluster } from '../harness/index.ts';
import { withValue } from './api-fields.ts';
import type { Path } from './api-fields.ts';
import type { Sample } from './api-samples.ts';

export const namespace = 'api-schemas';
const crds = new URL('../../crds', import.meta.url).pathname;

/** An API server of its own: admission policies that other tests install would refuse what is written here. */
export async function apiWithCRDs(): Promise<ApiCluster> {
  const cluster = await startApi();
  await installCRDs(cluster);
  await cluster.request('POST', '/api/v1/namespaces', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  });
  return cluster;
}

/** Installs the CRDs and waits until the API server serves them; what is there already stays as it is. */
export async function installCRDs(cluster: ApiCluster): Promise<void> {
  await cluster.kubectl(['apply', '--server-side', '--field-manager=twinlock-install', '-f', crds]);
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd', ...kinds.map(crdName)]);
  const served = (kind: KindDefinition): Promise<boolean> =>
    cluster.request('GET', `/apis/twinlock.dev/v1alpha1/${kind.plural}`).then(({ status }) => status === 200);
  await waitFor(
    'the kinds to be served',
    async () => (await Promise.all(kinds.map(served))).every(Boolean) || undefined,
  );
}

export function crdName(kind: KindDefinition): string {
  return `${kind.plural}.twinlock.dev`;
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
  cluster: ApiCluster,
  sample: Sample,
  { keepName = false }: { readonly keepName?: boolean } = {},
): Promise<Answer> {
  const { status: _status, ...object } = sample;
  const body =
    sample.kind === 'PromotionRecord' && !keepName ? { ...object, metadata: { name: chainedName(sample) } } : object;
  return cluster.request('POST', `${collection(kindOf(sample))}?${strictDryRun}`, { body });
}

/** Creates the sample under another target or name, so that those who try to create it find room, and tries to change it. */
export async function dryUpdate(cluster: ApiCluster, sample: Sample, path: Path, value: unknown): Promise<Answer> {
  const renamed = renamedFor(sample, 'update');
  const created = await cluster.request('POST', collection(kindOf(sample)), { body: renamed });
  const stored = created.status === 409 ? await read(cluster, renamed) : (created.body as Sample);
  return cluster.request('PUT', `${collection(kindOf(sample))}/${renamed.metadata.name}?${strictDryRun}`, {
    body: withValue(stored, path, value),
  });
}

async function read(cluster: ApiCluster, sample: Sample): Promise<Sample> {
  return (await cluster.request('GET', `${collection(kindOf(sample))}/${sample.metadata.name}`)).body as Sample;
}

function renamedFor(sample: Sample, purpose: string): Sample {
  const { status: _status, ...object } = sample;
  if (sample.kind !== 'PromotionRecord') return { ...object, metadata: { name: `${sample.metadata.name}-${purpose}` } };
  const renamed = withValue<Sample>(object, ['spec', 'target', 'name'], purpose);
  return { ...renamed, metadata: { name: chainedName(renamed) } };
}

/** Creates the object whose status {@link dryStatus} tries to write; its name leaves that of the sample free. */
export async function createForStatus(cluster: ApiCluster, sample: Sample): Promise<void> {
  const answer = await cluster.request('POST', collection(kindOf(sample)), { body: renamedFor(sample, 'with-status') });
  if (answer.status !== 201) throw new Error(`${sample.kind} was not created: ${causesOf(answer)[0]?.message}`);
}

export function dryStatus(cluster: ApiCluster, sample: Sample): Promise<Answer> {
  return cluster.request('PATCH', `${collection(kindOf(sample))}/${statusName(sample)}/status?${strictDryRun}`, {
    body: { status: sample.status },
    contentType: 'application/merge-patch+json',
  });
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
