import type * as cdk8s from './cdk8s.ts';
import type { Manifest } from './types.ts';

let loading: Promise<typeof cdk8s> | undefined;

/** Turns manifests into what is sent, through cdk8s constructs. */
export type Renderer = (manifests: readonly Manifest[]) => readonly Manifest[];

/**
 * Loads cdk8s on first use: it is not needed to become ready.
 *
 * Level 1 constructs with explicit names, labels and selectors only: level 2 puts `cdk8s.io/metadata.addr` into
 * selectors, which is the same in two environments.
 */
export async function loadRenderer(): Promise<Renderer> {
  loading ??= import('./cdk8s.ts');
  const { App, Chart, ApiObject } = await loading;
  return (manifests) => {
    const chart = new Chart(new App(), 'environment', { disableResourceNameHashes: true });
    return manifests.map((manifest, index) => {
      const { apiVersion, kind, metadata, ...rest } = manifest;
      // Its types want absent members where ours allow undefined ones; toJson drops those.
      const props = { apiVersion, kind, metadata, ...rest } as cdk8s.ApiObjectProps;
      const object = new ApiObject(chart, `${index}`, props);
      // toJson is typed any; it answers what was put in, without undefined members.
      return object.toJson() as Manifest;
    });
  };
}
