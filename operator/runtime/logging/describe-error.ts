import { ApiError } from '../../kube/index.ts';

/** An error as it stands in a log: a fixed set of fields, so that nothing that hangs on an error leaks with it. */
export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly status?: number;
  readonly reason?: string;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

/** Causes of causes beyond this many are left out. */
const deepest = 5;

/** @returns the fields of an error that may be logged, its causes included */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'something that is no Error was thrown' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(error instanceof ApiError ? { status: error.status, reason: error.reason } : {}),
    ...(error.stack === undefined || error instanceof ApiError ? {} : { stack: error.stack }),
    ...(error.cause === undefined || depth >= deepest ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
}
