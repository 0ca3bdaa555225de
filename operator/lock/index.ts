/** WorkloadLock as plain data: which content is approved, and how that changes. */
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
export { withoutMutations } from './mutations.ts';
export type * from './types.ts';
