/** Why a value has no canonical form. */
export type CanonicalErrorCode = 'LoneSurrogate' | 'UnsafeNumber' | 'NotJSON' | 'TooDeep';

/** A value that cannot be digested; `path` says where (a JSON pointer), never what: the value may be secret. */
export class CanonicalError extends Error {
  override readonly name = 'CanonicalError';
  readonly code: CanonicalErrorCode;
  readonly path: string;

  constructor(code: CanonicalErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}
