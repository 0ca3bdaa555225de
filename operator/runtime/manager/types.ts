/** Something that runs for as long as the process does: a controller, a server, a loop. */
export interface Runnable {
  readonly name: string;
  /** Resolves once `signal` has aborted and everything is put away; a rejection ends the process. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Answers whether something is well; a rejection is its way to say no. */
export type Check = () => void | Promise<void>;

/** A manager that has been started. */
export interface RunningManager {
  /** Where health and metrics are really served (the port when 0 was asked for). */
  readonly health: ListenAddress | undefined;
  /** Resolves when everything has stopped; rejects with what ended it: a lost lease, a runnable that failed. */
  readonly done: Promise<void>;
  /** Stops runnables, sends what is unsent, stops caches, HTTP and the lease, in this order. May be called more than once. */
  stop(): Promise<void>;
}
