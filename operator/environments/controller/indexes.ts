import type { TwinEnvironment } from '../../api/index.ts';
import type { Informer } from '../../kube/index.ts';

/** Environments by the class that they name. */
export const BY_CLASS = 'class';
/** Those that name none; they all have the same one, whichever that is. */
export const NO_CLASS = '';
/** Environments by the VendorTwins that they use. */
export const BY_VENDOR_TWIN = 'vendorTwin';
/** Environments that wait for room. */
export const IS_QUEUED = 'queued';
export const QUEUED = 'true';

export function addIndexes(environments: Informer<TwinEnvironment>): void {
  environments.addIndex(BY_CLASS, ({ spec }) => [spec.classRef?.name ?? NO_CLASS]);
  environments.addIndex(BY_VENDOR_TWIN, ({ spec }) => [
    ...new Set((spec.services ?? []).map(({ name, vendorTwinRef }) => vendorTwinRef?.name ?? name)),
  ]);
  environments.addIndex(IS_QUEUED, ({ status }) => (status?.queue === undefined ? [] : [QUEUED]));
}
