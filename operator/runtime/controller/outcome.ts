import { ApiError, TransportError } from '../../kube/index.ts';
import { TerminalError } from './types.ts';
import type { Reconcile, Request, Result } from './types.ts';

/** How a reconcile ended, as plain data. */
export type Outcome =
  | { readonly kind: 'success' }
  | { readonly kind: 'requeueAfter'; readonly delay: number; readonly since?: number | undefined }
  | { readonly kind: 'error'; readonly error: unknown; readonly panic: boolean }
  | { readonly kind: 'terminal'; readonly error: TerminalError }
  | { readonly kind: 'aborted' };

/** Runs a reconcile and never rejects. */
export async function attempt(reconcile: Reconcile, request: Request, signal: AbortSignal): Promise<Outcome> {
  try {
    return read(await reconcile(request, signal));
  } catch (error) {
    if (signal.aborted) return { kind: 'aborted' };
    if (error instanceof TerminalError) return { kind: 'terminal', error };
    return { kind: 'error', error, panic: isDefect(error) };
  }
}

function read(result: Result | undefined | void): Outcome {
  const delay = result?.requeueAfter;
  return delay === undefined || delay <= 0
    ? { kind: 'success' }
    : { kind: 'requeueAfter', delay, since: result?.since };
}

/** Errors that only a mistake in the program throws: what a panic is in Go. */
function isDefect(error: unknown): boolean {
  if (error instanceof ApiError || error instanceof TransportError) return false;
  return (
    !(error instanceof Error) ||
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    error instanceof RangeError ||
    error instanceof SyntaxError
  );
}
