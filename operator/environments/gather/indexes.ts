import { keyOf } from '../../kube/index.ts';
import type { Informers } from './cache/index.ts';
import { labelledOwner } from '../naming/index.ts';

/** Environments by the class that they name. */
export const BY_CLASS = 'class';
/** Those that name none; they all have the same one, whichever that is. */
export const NO_CLASS = '';
/** Environments by the VendorTwins that they use. */
export const BY_VENDOR_TWIN = 'vendorTwin';
/** Environments that wait for room. */
export const IS_QUEUED = 'queued';
export const QUEUED = 'true';
/** Namespaces by the key of the environment that their labels name. */
export const BY_OWNER = 'owner';

/** Puts the indexes above on the informers, each once: a second call throws RangeError. */
export function addIndexes({ environments, namespaces }: Pick<Informers, 'environments' | 'namespaces'>): void {
  environments.addIndex(BY_CLASS, ({ spec }) => [spec.classRef?.name ?? NO_CLASS]);
  environments.addIndex(BY_VENDOR_TWIN, ({ spec }) => [
    ...new Set((spec.services ?? []).map(({ name, vendorTwinRef }) => vendorTwinRef?.name ?? name)),
  ]);
  environments.addIndex(IS_QUEUED, ({ status }) => (status?.queue === undefined ? [] : [QUEUED]));
  namespaces.addIndex(BY_OWNER, ({ metadata }) => {
    const owner = labelledOwner(metadata.labels);
    return owner === undefined ? [] : [keyOf(owner)];
  });
}
