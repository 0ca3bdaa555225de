import type { KubeObject, OwnerReference } from '../kube/index.ts';

/** The object that controls this one. */
export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}
