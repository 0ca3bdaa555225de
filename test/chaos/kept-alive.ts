import { setTimeout as pause } from 'node:timers/promises';
import type { RunningProcess } from '../../operator/processes/options.ts';

/** What a kubelet does for a process: starts it, and again when it ends. */
export class KeptAlive {
  readonly #start: () => Promise<RunningProcess>;
  readonly #stopped = new AbortController();
  readonly #done: Promise<void>;
  #running: RunningProcess | undefined;
  starts = 0;

  constructor(start: () => Promise<RunningProcess>) {
    this.#start = start;
    this.#done = this.#keep();
  }

  /** Ends the one that runs; the next one starts at once. */
  async restart(): Promise<void> {
    await this.#running?.stop();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running?.stop();
    await this.#done;
  }

  async #keep(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        this.#running = await this.#start();
        this.starts++;
        if (this.#stopped.signal.aborted) await this.#running.stop();
        await this.#running.done;
      } catch {
        // It could not start, or it lost its lease: that is what happens here.
        await pause(100);
      }
    }
  }
}
