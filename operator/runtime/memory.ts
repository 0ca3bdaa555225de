import { sleep, type Clock } from '../kube/index.ts';
import type { Runnable } from './manager/index.ts';

/** Until then the first round of reconciles is through as well, milliseconds. */
const SETTLED = 60_000;

/**
 * Gives back once what the first lists have left behind. Their garbage leaves V8's pages half empty, and a process that rests
 * afterwards never gets to fill or to free them: with 10,000 environments that is a fifth of what it holds.
 *
 * @param collect V8's collector, there where Node runs with `--expose-gc`
 */
export function memoryRelease(clock: Clock, collect = globalThis.gc): Runnable {
  return {
    name: 'memory',
    async run(signal) {
      await sleep(clock, SETTLED, signal);
      if (!signal.aborted) collect?.({ type: 'major', flavor: 'last-resort', execution: 'sync' });
    },
  };
}
