/** What an approver signs: built from plain data, rendered to bytes. */
export { renderStatements } from './build.ts';
export { changesOf, isNoRemoval, leavesOf, MAX_SHOWN } from './changes.ts';
export { isImagePath, notExercised, notExercisedSince, type ExercisedInput, type RanWith } from './exercised.ts';
export { metadataChanges } from './metadata.ts';
export { predicateOf } from './parse.ts';
export { StatementError } from './errors.ts';
export { renderText } from './render.ts';
export { boundBy, renderTrustStatements, trustBinding, type TrustChange, type TrustStatementInput } from './trust.ts';
export type * from './types.ts';
