import { resourceType, type KubeObject } from '../../kube/index.ts';

/** As much of a PersistentVolume as says whose it is and whether it goes with its claim. */
export interface PersistentVolume extends KubeObject {
  readonly spec?: {
    readonly claimRef?: { readonly namespace?: string; readonly name?: string };
    readonly persistentVolumeReclaimPolicy?: string;
  };
}

export const PersistentVolume = resourceType<PersistentVolume>({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  namespaced: false,
});
