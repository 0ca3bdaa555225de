import { constants } from 'node:os';

/** The two functions of `process` that are used here. */
export interface SignalHost {
  on(name: 'SIGTERM' | 'SIGINT', handler: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): unknown;
}

/**
 * Aborts with the name of the first SIGTERM or SIGINT as its reason; a second one ends the process at once, with the exit
 * code that shells give it (128 + the signal's number). Asked for first thing, so that a signal counts from the start on:
 * to the first process of a container the kernel delivers none that it has no handler for.
 */
export function firstSignal(host: SignalHost = process): AbortSignal {
  const first = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (first.signal.aborted) host.exit(128 + constants.signals[signal]);
    else first.abort(signal);
  };
  host.on('SIGTERM', onSignal);
  host.on('SIGINT', onSignal);
  return first.signal;
}
