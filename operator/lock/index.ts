/** WorkloadLock as plain data: which content is approved, how that changes, and whether it is what was decided. */
export { changedBy, objectChangedBy, wasChangedByController, wasObjectChangedByController } from './changed-by.ts';
export { decisionsOn, recall, type DecidedContent, type Decision, type Recalled } from './decisions.ts';
export {
  contentOf,
  contentsOf,
  isContent,
  lockBytes,
  lockOverflow,
  matchLive,
  MAX_ENTRIES,
  MAX_LOCK_BYTES,
  ordered,
  sameLock,
  withOnly,
  withOpened,
  withRemoved,
  withRoom,
  type ApprovedContents,
  type LiveMatch,
} from './edit.ts';
export { isClosedFor, withClosed, withoutClosed } from './closed.ts';
export { entryOf, MAX_POD_WRITERS, mergedWriters, settingsOf, usersOf, withSettings } from './entry.ts';
export {
  isDecided,
  matchObject,
  objectEntry,
  objectFault,
  objectsOf,
  recallObject,
  stateOf,
  withObjects,
  withObjectSettings,
  withOnlyObject,
  withOpenedObject,
  withRestoredObjects,
  type ObjectState,
} from './objects.ts';
export {
  askedFor,
  freezes,
  MAX_FROZEN,
  mostAsked,
  notHeld,
  refrozen,
  withAsked,
  withHeldStill,
  withReleased,
} from './frozen.ts';
export { holdsJob, jobFault, NOT_SIGNED, withJob, withJobs } from './jobs.ts';
export { withoutMutations } from './mutations.ts';
export type * from './types.ts';
export { entryFault, lockFaults, restoredLock, type LockFault } from './verify.ts';
