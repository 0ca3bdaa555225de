import { printable } from '../../canonical/index.ts';
import type { WorkloadKey } from '../../lock/index.ts';

/** One image that a promotion brings to one container of one workload. */
export interface Artifact extends WorkloadKey {
  readonly container: string;
  /** By digest. */
  readonly image: string;
}

export interface ContainerImage {
  readonly container: string;
  readonly image: string;
}

export interface ArtifactsInput {
  /** The target's workloads. */
  readonly target: readonly WorkloadKey[];
  /** `spec.workloads` of the promotion; without it workloads are matched by name. */
  readonly mapping?: readonly { readonly from: string; readonly to: WorkloadKey }[] | undefined;
  /** `spec.images` of the promotion; without it everything that runs in the environment's workload. */
  readonly images?: readonly ContainerImage[] | undefined;
  /** What runs in the environment (its status). */
  readonly environment: readonly { readonly name: string; readonly images?: readonly ContainerImage[] | undefined }[];
}

export type ArtifactsResult =
  | { readonly artifacts: readonly Artifact[] }
  | {
      readonly reason: 'WorkloadNotMapped' | 'NoImages' | 'ImageNotByDigest' | 'ImageNotInEnvironment';
      readonly message: string;
    };

const BY_DIGEST = /^[^@\s]+@sha256:[0-9a-f]{64}$/;

/** What is promoted: by digest, what ran in the environment (design: api, "Promotion"). Pure; input is hostile. */
export function artifactsOf(input: ArtifactsInput): ArtifactsResult {
  const mapping = input.mapping ?? byName(input);
  if (mapping.length === 0)
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
    for (const { container, image } of chosen(running, input.images)) {
      if (!BY_DIGEST.test(image))
        return problem(
          'ImageNotByDigest',
          `container ${printable(container)} runs ${printable(image)} in the environment, which is no image by digest`,
        );
      artifacts.push({ kind: to.kind, name: to.name, container, image });
    }
  }
  const missing = (input.images ?? []).find(
    ({ container, image }) => !artifacts.some((found) => found.container === container && found.image === image),
  );
  if (missing !== undefined)
    return problem(
      'ImageNotInEnvironment',
      `spec.images has ${printable(missing.image, 200)} for container ${printable(missing.container)}, which does not run in the environment: promote what ran there`,
    );
  if (artifacts.length === 0) return problem('NoImages', 'there is no image to promote');
  return { artifacts: artifacts.toSorted(byPlace) };
}

/** Without `spec.images` everything that runs; with it, its entries, where they have the digest that runs. */
function chosen(
  running: readonly ContainerImage[],
  images: readonly ContainerImage[] | undefined,
): readonly ContainerImage[] {
  if (images === undefined || images.length === 0) return running;
  return images.filter(({ container, image }) =>
    running.some((ran) => ran.container === container && digestPart(ran.image) === digestPart(image)),
  );
}

function byName({ target, environment }: ArtifactsInput): readonly { from: string; to: WorkloadKey }[] {
  return target.flatMap((to) => (environment.some(({ name }) => name === to.name) ? [{ from: to.name, to }] : []));
}

function byPlace(a: Artifact, b: Artifact): number {
  const place = ({ kind, name, container }: Artifact): string => `${kind}/${name}/${container}`;
  return place(a) < place(b) ? -1 : 1;
}

/** `sha256:...` of an image; the repository may be a mirror, the digest is the content. */
export function digestPart(image: string): string | undefined {
  return /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
}

function names(workloads: readonly WorkloadKey[]): string {
  return workloads.map(({ kind, name }) => `${kind}/${name}`).join(', ');
}

function problem<Reason>(reason: Reason, message: string): { readonly reason: Reason; readonly message: string } {
  return { reason, message };
}
