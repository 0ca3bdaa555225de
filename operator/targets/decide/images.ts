import { imageDigest, imageRepository, printable } from '../../canonical/index.ts';
import type { Pod } from '../../kube/index.ts';
import type { LockSpec } from '../../lock/index.ts';
import { podTemplateOf } from '../../workloads/index.ts';
import type { LiveWorkload } from './world.ts';

type Injected = NonNullable<LockSpec['approved'][number]['injected']>;

/** A part of a pod template whose image has no digest: what a node runs for it can change without any change here. */
export interface TagImage {
  readonly part: 'container' | 'init container' | 'image volume';
  readonly name: string;
  readonly image: string;
}

/** Every such part; containers that the target lets others inject are theirs to pin. */
export function tagImages({ kind, live }: LiveWorkload, injected: Injected = []): readonly TagImage[] {
  const spec = podTemplateOf(kind, live)?.spec;
  const found: TagImage[] = [
    ...(spec?.initContainers ?? []).map(({ name, image = '' }) => ({ part: 'init container' as const, name, image })),
    ...(spec?.containers ?? []).map(({ name, image = '' }) => ({ part: 'container' as const, name, image })),
    ...(spec?.volumes ?? []).flatMap(({ name, image }) =>
      image === undefined ? [] : [{ part: 'image volume' as const, name, image: image.reference ?? '' }],
    ),
  ];
  return found.filter(
    ({ part, name, image }) =>
      imageDigest(image) === undefined &&
      (part === 'image volume' ||
        !injected.some(({ container, imagePrefix }) => container === name && image.startsWith(imagePrefix))),
  );
}

/** `container app (nginx:1)`, one after the other, for messages. */
export function shownTags(found: readonly TagImage[]): string {
  return found.map(({ part, name, image }) => `${part} ${printable(name)} (${printable(image)})`).join(', ');
}

/**
 * How to pin what runs: the command, with the digests that the workload's pods report. What pods report is somebody's word,
 * so whoever runs it compares it with the registry.
 *
 * @param pods of the workload
 */
export function howToPin({ kind, name, live }: LiveWorkload, found: readonly TagImage[], pods: readonly Pod[]): string {
  const workload = `${kind.toLowerCase()}/${printable(name)} -n ${live?.metadata.namespace ?? ''}`;
  const containers = found.filter(({ part }) => part !== 'image volume');
  const volumes = found.filter(({ part }) => part === 'image volume');
  const known = containers.map((each) => ({ ...each, digest: runningDigest(each, pods) }));
  const pinned = known.map(
    ({ name: container, image, digest }) =>
      `${printable(container)}=${typed(imageRepository(image))}@${digest ?? 'sha256:<digest>'}`,
  );
  const lines = [
    ...(pinned.length === 0 ? [] : [`kubectl set image ${workload} ${pinned.join(' ')}`]),
    ...(volumes.length === 0
      ? []
      : [
          `kubectl edit ${workload} (image.reference of ${volumes.map(({ name: volume }) => `volume ${printable(volume)}`).join(', ')})`,
        ]),
  ];
  const unknown = [...known.filter(({ digest }) => digest === undefined), ...volumes];
  const [first] = unknown;
  const ask = first === undefined ? '' : `; crane digest ${typed(first.image)} prints a digest`;
  const said =
    unknown.length < found.length ? ' (digests as the pods report them: compare them with the registry)' : '';
  return `${lines.join('; ')}${said}${ask}`;
}

/** The digest that every pod reports for a container; undefined when none does or they differ. */
function runningDigest({ part, name }: TagImage, pods: readonly Pod[]): string | undefined {
  const digests = pods.flatMap(({ status }) =>
    (part === 'container' ? (status?.containerStatuses ?? []) : (status?.initContainerStatuses ?? []))
      .filter((container) => container.name === name)
      // `sha256:...` alone is the digest of the image's configuration, which nobody can pull by.
      .flatMap(({ imageID }) => imageDigest(imageID ?? '') ?? []),
  );
  const [digest, ...others] = new Set(digests);
  return others.length === 0 ? digest : undefined;
}

/** Part of a command that somebody will paste into a shell: a hostile name is left to them to type. */
function typed(image: string): string {
  return /^[\w./:@-]+$/.test(image) ? image : '<image>';
}
