import type { ObjectKey } from '../../kube/index.ts';

/** What is to be reconciled: the name of an object, never the object itself, which would be old by the time it is read. */
export type Request = ObjectKey;

/** What a reconcile that did not fail asks for. */
export interface Result {
  /** Come back after so many milliseconds even if nothing changes. Left out: only when something changes. */
  readonly requeueAfter?: number | undefined;
  /**
   * When the world was read that this follows from, by the wall clock, milliseconds since the epoch: `requeueAfter` counts
   * from then, not from when the last write was through. Left out: from now.
   */
  readonly since?: number | undefined;
}

/**
 * Brings the world one step nearer to what the object asks for. Idempotent; reads the object itself. A rejection is
 * logged, counted and tried again with growing delays; a {@link TerminalError} is not tried again.
 *
 * @param signal aborts when the manager stops; pass it on to requests.
 */
export type Reconcile = (request: Request, signal: AbortSignal) => Promise<Result | undefined | void>;

/** Failing again would be certain until the object changes. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly code = 'RECONCILE_TERMINAL';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}
