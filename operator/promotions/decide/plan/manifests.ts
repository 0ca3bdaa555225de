import type { Promotion } from '../../../api/index.ts';
import { CanonicalError, canonicalJSON, printable } from '../../../canonical/index.ts';
import type { WorkloadKey } from '../../../lock/index.ts';
import { withContent, type WorkloadObject } from '../../../workloads/index.ts';
import type { ManifestImages } from './artifacts.ts';

/** One of `spec.objects` of a Promotion. */
export type Manifest = NonNullable<Promotion['spec']['objects']>[number];

/**
 * Bytes that `spec.objects` may take as JSON. An object holds 1.5 MiB: votes twice, statements and the plan share it; and
 * the record of the round holds each spec as it is and as it shall be.
 */
export const MAX_MANIFEST_BYTES = 400_000;

/** The manifest of a workload; undefined when the promotion has none for it. */
export function manifestOf(
  { objects }: Pick<Promotion['spec'], 'objects'>,
  { kind, name }: WorkloadKey,
): Manifest | undefined {
  return objects?.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
}

export interface ManifestFault {
  readonly reason: 'ManifestInvalid' | 'WorkloadNotMapped' | 'RecordTooLarge';
  readonly message: string;
}

/** What is wrong with the manifests whatever an environment runs: nothing but another Promotion mends it. Pure. */
export function manifestFault(
  { metadata, spec }: Promotion,
  target: readonly WorkloadKey[],
): ManifestFault | undefined {
  const { objects = [] } = spec;
  if (objects.length === 0) return undefined;
  // First: what is not canonical may be nested deeper than anything here can walk.
  const undigested = notDigestible(spec);
  if (undigested !== undefined) return undigested;
  const bytes = Buffer.byteLength(JSON.stringify(objects));
  if (bytes > MAX_MANIFEST_BYTES)
    return {
      reason: 'RecordTooLarge',
      message: `spec.objects takes ${bytes} bytes and may take ${MAX_MANIFEST_BYTES}: promote fewer workloads at once`,
    };
  for (const { kind, metadata: own } of objects) {
    const shown = `${kind}/${printable(own.name)}`;
    if (own.namespace !== undefined && own.namespace !== metadata.namespace)
      return {
        reason: 'ManifestInvalid',
        message: `${shown} of spec.objects has namespace ${printable(own.namespace)}: leave it out, or create the Promotion there`,
      };
    if (!target.some((workload) => workload.kind === kind && workload.name === own.name))
      return {
        reason: 'WorkloadNotMapped',
        message: `spec.objects has ${shown}, and the target has no such workload: it has ${target.map((workload) => `${workload.kind}/${workload.name}`).join(', ')}`,
      };
  }
  return undefined;
}

/** The statement binds the Promotion by digest, and not everything that JSON can say has one. */
function notDigestible(spec: Promotion['spec']): ManifestFault | undefined {
  try {
    canonicalJSON(spec);
    return undefined;
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return { reason: 'ManifestInvalid', message: `spec.objects has no digest: ${printable(error.message, 500)}` };
  }
}

/** Images of a manifest by container, init containers included. */
export function imagesOfManifest({ kind, metadata, spec }: Manifest): ManifestImages {
  const { containers, initContainers = [] } = spec.template.spec;
  return {
    kind,
    name: metadata.name,
    images: [...containers, ...initContainers].map(({ name, image }) => ({ container: name, image })),
  };
}

/**
 * The live object as a PUT of the manifest would make it: all of the spec is the manifest's, but the number of replicas,
 * which no approval covers. Labels and annotations are added to those that others put there.
 */
export function withManifest(live: WorkloadObject, manifest: Manifest): WorkloadObject {
  // What Kubernetes has in a spec is not typed in a Promotion; the API server judges it at the dry run.
  const spec = withContent(manifest.kind, live.spec ?? {}, manifest.spec);
  return { ...live, metadata: withManifestMetadata(live.metadata, manifest), spec };
}

/** Labels and annotations of the manifest over those of the object; all others stay, and without a manifest all do. */
export function withManifestMetadata(
  metadata: WorkloadObject['metadata'],
  manifest: Manifest | undefined,
): WorkloadObject['metadata'] {
  const { labels, annotations } = manifest?.metadata ?? {};
  return {
    ...metadata,
    ...(labels === undefined ? {} : { labels: { ...metadata.labels, ...labels } }),
    ...(annotations === undefined ? {} : { annotations: { ...metadata.annotations, ...annotations } }),
  };
}
