import type { WorkloadKey } from '../../../lock/index.ts';
import { podTemplateOf, withTemplate, type PodTemplate, type WorkloadObject } from '../../../workloads/index.ts';

import type { ContainerImage } from './artifacts.ts';

type Container = NonNullable<PodTemplate['spec']>['containers'][number];

/**
 * A workload with images replaced by container name, init containers included; everything else stays.
 *
 * @returns it, and the names of containers that it does not have
 */
export function withImages(
  kind: WorkloadKey['kind'],
  live: WorkloadObject,
  images: readonly ContainerImage[],
): { readonly object: WorkloadObject; readonly unmatched: readonly string[] } {
  const template = podTemplateOf(kind, live);
  const pod = template?.spec;
  const present = new Set([...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map(({ name }) => name));
  const replace = (containers: readonly Container[]): readonly Container[] =>
    containers.map((container) => {
      const found = images.find((entry) => entry.container === container.name);
      return found === undefined ? container : { ...container, image: found.image };
    });
  const unmatched = images.map(({ container }) => container).filter((name) => !present.has(name));
  if (live.spec === undefined || pod === undefined) return { object: live, unmatched };
  const replaced = {
    ...pod,
    containers: replace(pod.containers),
    ...(pod.initContainers === undefined ? {} : { initContainers: replace(pod.initContainers) }),
  };
  return { object: { ...live, spec: withTemplate(kind, live.spec, { ...template, spec: replaced }) }, unmatched };
}
