import type { ContainerImage } from './artifacts.ts';

interface Container {
  readonly name: string;
  readonly image?: string | undefined;
}
interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[] | undefined;
}
interface WorkloadSpec {
  readonly template: { readonly spec?: PodSpec | undefined };
}

/**
 * A workload's spec with images replaced by container name, init containers included; everything else stays.
 *
 * @returns the spec, and the names of containers that it does not have
 */
export function withImages<T extends WorkloadSpec>(
  spec: T,
  images: readonly ContainerImage[],
): { readonly spec: T; readonly unmatched: readonly string[] } {
  const pod = spec.template.spec;
  const present = new Set([...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map(({ name }) => name));
  const replace = (containers: readonly Container[]): readonly Container[] =>
    containers.map((container) => {
      const found = images.find((entry) => entry.container === container.name);
      return found === undefined ? container : { ...container, image: found.image };
    });
  const unmatched = images.map(({ container }) => container).filter((name) => !present.has(name));
  if (pod === undefined) return { spec, unmatched };
  const replaced = {
    ...pod,
    containers: replace(pod.containers),
    ...(pod.initContainers === undefined ? {} : { initContainers: replace(pod.initContainers) }),
  };
  return { spec: { ...spec, template: { ...spec.template, spec: replaced } }, unmatched };
}
