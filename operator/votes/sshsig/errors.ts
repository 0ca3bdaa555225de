import type { SignatureReason } from '../terms/reasons.ts';

/** What a reader of hostile bytes throws; caught at the edge of this folder and turned into a result. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly code: SignatureReason;

  constructor(code: SignatureReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** For bytes that are not what their format says. */
export function encodingError(message: string): SignatureError {
  return new SignatureError('BadEncoding', message);
}
