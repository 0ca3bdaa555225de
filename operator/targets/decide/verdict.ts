import type { Protection, TargetReason } from '../../api/index.ts';
import type { RecordEntry } from '../../records/index.ts';
import type { LockSpec } from '../../lock/index.ts';

/** One write; after each one the world is read again. */
export type TargetAction =
  | { readonly do: 'WriteLock'; readonly lock: LockSpec; readonly because: string }
  /** Labels the namespace with that value. */
  | { readonly do: 'Protect'; readonly as: Protection }
  /** Lets this process read ConfigMaps and Secrets of the namespace, by name. */
  | { readonly do: 'Bind' }
  | { readonly do: 'Append'; readonly entry: RecordEntry };

export interface TargetVerdict {
  readonly ready: boolean;
  readonly reason: TargetReason;
  readonly message: string;
  /** Somebody has to repair something. */
  readonly stalled?: boolean | undefined;
  /** It is not ready and stays so by choice: nothing is in progress, nothing has to be repaired. */
  readonly resting?: boolean | undefined;
  /** Content that nobody approved is live. */
  readonly tampered?: string | undefined;
  readonly action?: TargetAction | undefined;
  /** Milliseconds. */
  readonly requeueAfter?: number | undefined;
}

/**
 * A verdict whose action the API server refused or failed, with its answer; it is tried again. What somebody has to repair
 * anyway stays what it is.
 */
export function notWritten({ action: _tried, ...verdict }: TargetVerdict, answer: string): TargetVerdict {
  const message = `${verdict.message}; the API server answered: ${answer}`;
  return verdict.stalled === true
    ? { ...verdict, message }
    : { ...verdict, ready: false, resting: undefined, reason: 'NotWritten', message };
}
