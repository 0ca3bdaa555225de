/** What an approver signs: built from plain data, rendered to bytes. */
export { buildStatement, renderStatements, STATEMENT_TYPE } from './build.ts';
export { changesOf, leavesOf, MAX_SHOWN } from './changes.ts';
export { MAX_CHANGES } from './check.ts';
export { isImagePath, notExercised, notExercisedSince, type ExercisedInput, type RanWith } from './exercised.ts';
export { metadataChanges } from './metadata.ts';
export { predicateOf } from './parse.ts';
export { StatementError, type StatementErrorCode } from './errors.ts';
export { renderText } from './render.ts';
export type * from './types.ts';
