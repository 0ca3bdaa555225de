/** WorkloadLock as plain data: which content is approved, and how that changes. */
export { changedBy, wasChangedByController } from './changed-by.ts';
export {
  contentsOf,
  lockBytes,
  matchLive,
  MAX_LOCK_BYTES,
  ordered,
  sameLock,
  withOnly,
  withOpened,
  type ApprovedContents,
  type LiveMatch,
} from './edit.ts';
export type * from './types.ts';
