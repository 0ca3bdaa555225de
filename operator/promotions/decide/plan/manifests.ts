import {
  jobMakers,
  objectKinds,
  workloadKinds,
  type ProductionTarget,
  type Promotion,
  type WorkloadKind,
} from '../../../api/index.ts';
import { CanonicalError, canonicalJSON, printable, sortedBy } from '../../../canonical/index.ts';
import type { WorkloadKey } from '../../../lock/index.ts';
import type { ObjectKey } from '../../../objects/index.ts';
import { withContent, workloadOf, type WorkloadObject } from '../../../workloads/index.ts';
import type { ManifestImages } from './artifacts.ts';

/** One of `spec.objects` of a Promotion. */
type AnyManifest = NonNullable<Promotion['spec']['objects']>[number];
type Template = NonNullable<NonNullable<AnyManifest['spec']>['template']>;

/** One of a workload: the schema asks for its template. */
export interface Manifest extends AnyManifest {
  readonly kind: WorkloadKind;
  readonly spec: NonNullable<AnyManifest['spec']>;
}

function isOfWorkload(manifest: AnyManifest): manifest is Manifest {
  return workloadKinds.some((kind) => kind === manifest.kind) && manifestTemplate(manifest) !== undefined;
}

/** Of a workload that makes Jobs, the template of their pods. */
function manifestTemplate({ kind, spec }: AnyManifest): Template | undefined {
  return jobMakers.some((each) => each === kind) ? spec?.jobTemplate?.spec.template : spec?.template;
}

/** Of an object beside the workloads. */
function isOfObject({ kind }: { readonly kind: string }): boolean {
  return !workloadKinds.some((each) => each === kind);
}

/** Manifests of workloads. */
export function workloadManifests({ objects = [] }: Pick<Promotion['spec'], 'objects'>): readonly Manifest[] {
  return objects.filter(isOfWorkload);
}

/** The manifest of an object; undefined when the promotion has none for it. */
export function objectManifestOf(
  { objects = [] }: Pick<Promotion['spec'], 'objects'>,
  { kind, name }: ObjectKey,
): AnyManifest | undefined {
  return objects.filter(isOfObject).find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
}

type Removed = NonNullable<Promotion['spec']['removes']>[number];
const isWorkloadKey = (key: Removed): key is Removed & WorkloadKey => workloadKinds.some((kind) => kind === key.kind);

/** The workloads that a promotion takes away. */
export function removedWorkloads({ removes = [] }: Pick<Promotion['spec'], 'removes'>): readonly WorkloadKey[] {
  return removes.filter(isWorkloadKey);
}

/** Objects that a promotion brings or takes away, in the order in which they are applied. */
export function touchedObjects({
  objects = [],
  removes = [],
}: Pick<Promotion['spec'], 'objects' | 'removes'>): readonly ObjectKey[] {
  const brought = objects.filter(isOfObject).map(({ kind, metadata }) => ({ kind, name: metadata.name }));
  return inOrder([...brought, ...removes.filter(isOfObject).map(({ kind, name }) => ({ kind, name }))]);
}

function place(kind: string): string {
  const at = objectKinds.findIndex((each) => each === kind);
  return String(at < 0 ? objectKinds.length : at).padStart(2, '0');
}

/** By kind as they are applied, those that an installation names last, then by name. */
export function inOrder<T extends ObjectKey>(objects: readonly T[]): readonly T[] {
  return sortedBy(objects, ({ kind, name }) => `${place(kind)}/${kind}/${name}`);
}

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
  return workloadManifests({ objects }).find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
}

export interface ManifestFault {
  readonly reason: 'ManifestInvalid' | 'WorkloadNotMapped' | 'ObjectNotListed' | 'RecordTooLarge';
  readonly message: string;
}

type TargetSpec = Pick<ProductionTarget['spec'], 'workloads' | 'objects'>;

/** What is wrong with the manifests whatever an environment runs: nothing but another Promotion mends it. Pure. */
export function manifestFault({ metadata, spec }: Promotion, target: TargetSpec): ManifestFault | undefined {
  const { objects = [], removes = [] } = spec;
  if (objects.length + removes.length === 0) return undefined;
  // First: what is not canonical may be nested deeper than anything here can walk.
  const undigested = notDigestible(spec);
  if (undigested !== undefined) return undigested;
  const bytes = Buffer.byteLength(JSON.stringify(objects));
  if (bytes > MAX_MANIFEST_BYTES)
    return {
      reason: 'RecordTooLarge',
      message: `spec.objects takes ${bytes} bytes and may take ${MAX_MANIFEST_BYTES}: promote fewer workloads at once`,
    };
  for (const manifest of objects) {
    const { kind, metadata: own } = manifest;
    if (own.namespace !== undefined && own.namespace !== metadata.namespace)
      return {
        reason: 'ManifestInvalid',
        message: `${kind}/${printable(own.name)} of spec.objects has namespace ${printable(own.namespace)}: leave it out, or create the Promotion there`,
      };
    const key = { kind, name: own.name };
    const fault = isOfWorkload(manifest) ? notAWorkload(key, target) : notListed('spec.objects', key, target);
    if (fault !== undefined) return fault;
  }
  for (const removed of removes.filter(isOfObject)) {
    const fault = notListed('spec.removes', removed, target);
    if (fault !== undefined) return fault;
    if (objectManifestOf(spec, removed) !== undefined)
      return {
        reason: 'ManifestInvalid',
        message: `${removed.kind}/${printable(removed.name)} is in spec.objects and in spec.removes: write it once`,
      };
  }
  return undefined;
}

interface Named {
  readonly kind: string;
  readonly name: string;
}

function notAWorkload(key: Named, { workloads }: TargetSpec): ManifestFault | undefined {
  if (has(workloads, key)) return undefined;
  return {
    reason: 'WorkloadNotMapped',
    message: `spec.objects has ${shown(key)}, and the target has no such workload: it has ${workloads.map(shown).join(', ')}`,
  };
}

function notListed(field: string, key: Named, { objects = [] }: TargetSpec): ManifestFault | undefined {
  if (has(objects, key)) return undefined;
  return {
    reason: 'ObjectNotListed',
    message: `${field} has ${shown(key)}, and the target does not list it: a platform engineer adds it to spec.objects of the ProductionTarget`,
  };
}

function has(keys: readonly Named[], { kind, name }: Named): boolean {
  return keys.some((each) => each.kind === kind && each.name === name);
}

function shown({ kind, name }: Named): string {
  return `${kind}/${printable(name)}`;
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
export function imagesOfManifest(manifest: Manifest): ManifestImages {
  const { containers = [], initContainers = [] } = manifestTemplate(manifest)?.spec ?? {};
  return {
    kind: manifest.kind,
    name: manifest.metadata.name,
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

/** A workload that production does not have yet. */
export function newObject(
  { kind, name }: WorkloadKey,
  namespace: string,
  spec: Readonly<Record<string, unknown>>,
  manifest: Manifest | undefined,
): WorkloadObject {
  const { apiVersion } = workloadOf(kind).type;
  return { apiVersion, kind, metadata: withManifestMetadata({ name, namespace }, manifest), spec };
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
