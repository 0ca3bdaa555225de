/** Why a statement cannot be put before a person. */
export type StatementErrorCode =
  'Incomplete' | 'BadDigest' | 'BadRound' | 'Duplicate' | 'UnexplainedChange' | 'TooManyChanges' | 'TooLarge';

/** A statement that must not be signed as it is; the message says what to change. */
export class StatementError extends Error {
  override readonly name = 'StatementError';
  readonly code: StatementErrorCode;

  constructor(code: StatementErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
