import { imageDigest, isPinned, printable } from '../../../canonical/index.ts';
import type { Artifact } from '../../../gates/index.ts';
import type { WorkloadKey } from '../../../lock/index.ts';

export interface ContainerImage {
  readonly container: string;
  readonly image: string;
}

/** What a manifest names for its containers, init containers included. */
export interface ManifestImages extends WorkloadKey {
  readonly images: readonly ContainerImage[];
}

export interface ArtifactsInput {
  /** The target's workloads. */
  readonly target: readonly WorkloadKey[];
  /** `spec.workloads` of the promotion; without it workloads are matched by name. */
  readonly mapping?: readonly { readonly from: string; readonly to: WorkloadKey }[] | undefined;
  /** `spec.images` of the promotion; without it everything that runs in the environment's workload. */
  readonly images?: readonly ContainerImage[] | undefined;
  /** Of `spec.objects`: they decide for their workloads. Others are promoted only where `mapping` or `images` name them. */
  readonly manifests?: readonly ManifestImages[] | undefined;
  /** Whether the promotion is about something else too, so that nothing may be promoted. */
  readonly removes?: boolean | undefined;
  /** What runs in the environment (its status). */
  readonly environment: readonly { readonly name: string; readonly images?: readonly ContainerImage[] | undefined }[];
}

export type ArtifactsResult =
  | { readonly artifacts: readonly Artifact[] }
  | {
      readonly reason:
        'WorkloadNotMapped' | 'NoImages' | 'ImageNotByDigest' | 'ImageNotInEnvironment' | 'ImagesDisagree';
      readonly message: string;
    };

/** What is promoted: by digest, what ran in the environment (design: api, "Promotion"). Pure; input is hostile. */
export function artifactsOf(input: ArtifactsInput): ArtifactsResult {
  const { manifests = [] } = input;
  const known = input.mapping ?? byName(input);
  const unmapped = manifests.find((manifest) => !known.some(({ to }) => isOf(to, manifest)));
  if (unmapped !== undefined)
    return problem(
      'WorkloadNotMapped',
      `spec.objects has ${unmapped.kind}/${printable(unmapped.name)}, and no workload of the environment belongs to it: name them alike, or map one in spec.workloads of a new Promotion`,
    );
  const onlyManifests = manifests.length > 0 && input.mapping === undefined && (input.images ?? []).length === 0;
  const mapping = onlyManifests ? known.filter(({ to }) => manifests.some((manifest) => isOf(to, manifest))) : known;
  if (mapping.length === 0 && input.removes !== true)
    return problem(
      'WorkloadNotMapped',
      `no workload of the environment has the name of a workload of the target (${names(input.target)}): map them in spec.workloads of a new Promotion`,
    );
  const artifacts: Artifact[] = [];
  for (const { from, to } of mapping) {
    if (!input.target.some(({ kind, name }) => kind === to.kind && name === to.name))
      return problem(
        'WorkloadNotMapped',
        `the target has no workload ${printable(`${to.kind}/${to.name}`)}: it has ${names(input.target)}`,
      );
    const running = input.environment.find(({ name }) => name === from)?.images ?? [];
    if (running.length === 0)
      return problem(
        'NoImages',
        `the environment reports no image of workload ${printable(from)}: its pods have to be Ready`,
      );
    const manifest = manifests.find((each) => isOf(to, each));
    const promoted = chosen(running, manifest?.images ?? input.images);
    if (manifest !== undefined && promoted.length === 0)
      return problem(
        'ImageNotInEnvironment',
        `no container of ${to.kind}/${printable(to.name)} in spec.objects has an image that the environment runs in ${printable(from)}: promote what ran there`,
      );
    for (const { container, image } of promoted) {
      if (!isPinned(image))
        return problem(
          'ImageNotByDigest',
          `container ${printable(container)} runs ${printable(image)} in the environment, which is no image by digest`,
        );
      artifacts.push({ kind: to.kind, name: to.name, container, image });
    }
  }
  const missing = (input.images ?? []).find(
    ({ container, image }) =>
      !artifacts.some((found) => found.container === container && imageDigest(found.image) === imageDigest(image)),
  );
  if (
    missing !== undefined &&
    manifests.some(({ images }) => images.some((each) => each.container === missing.container))
  )
    return problem(
      'ImagesDisagree',
      `spec.images and spec.objects have different images for container ${printable(missing.container)}: leave spec.images out, or write the same`,
    );
  if (missing !== undefined)
    return problem(
      'ImageNotInEnvironment',
      `spec.images has ${printable(missing.image, 200)} for container ${printable(missing.container)}, which does not run in the environment: promote what ran there`,
    );
  return { artifacts: artifacts.toSorted(byPlace) };
}

function isOf(to: WorkloadKey, { kind, name }: WorkloadKey): boolean {
  return to.kind === kind && to.name === name;
}

/** Without images that are asked for everything that runs; with them, those that have the digest that runs. */
function chosen(
  running: readonly ContainerImage[],
  images: readonly ContainerImage[] | undefined,
): readonly ContainerImage[] {
  if (images === undefined || images.length === 0) return running;
  return images.filter(({ container, image }) =>
    running.some((ran) => ran.container === container && imageDigest(ran.image) === imageDigest(image)),
  );
}

function byName({ target, environment }: ArtifactsInput): readonly { from: string; to: WorkloadKey }[] {
  return target.flatMap((to) => (environment.some(({ name }) => name === to.name) ? [{ from: to.name, to }] : []));
}

function byPlace(a: Artifact, b: Artifact): number {
  return placeOf(a) < placeOf(b) ? -1 : 1;
}

function placeOf({ kind, name, container }: Artifact): string {
  return `${kind}/${name}/${container}`;
}

function names(workloads: readonly WorkloadKey[]): string {
  return workloads.map(({ kind, name }) => `${kind}/${name}`).join(', ');
}

function problem<Reason>(reason: Reason, message: string): { readonly reason: Reason; readonly message: string } {
  return { reason, message };
}
