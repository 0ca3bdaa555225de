export type HarnessErrorCode = 'CommandFailed' | 'Timeout' | 'Prerequisite' | 'Configuration' | 'Lost';

/** A failure of the harness itself, not of what is under test. The message says what to do next. */
export class HarnessError extends Error {
  readonly code: HarnessErrorCode;

  constructor(code: HarnessErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HarnessError';
    this.code = code;
  }
}
