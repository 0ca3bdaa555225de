import { parseTime } from '../canonical/index.ts';
import type { PromotionRecord } from '../api/index.ts';
import type { Clock, Informer } from '../kube/index.ts';
import { maskedRecord, type LoggedRecord } from './masked.ts';

/** Milliseconds: what a predecessor wrote so shortly before it ended may not have reached its log. */
const OVERLAP = 3_600_000;

/**
 * Hands every record to a log outside of its namespace, since records go when their namespace goes (security: "Records").
 * Values of literal environment variables are masked on the way.
 * At least once: after a restart those of the last hour come again, known by target, sequence and digest.
 */
export class RecordMirror {
  readonly name = 'record-mirror';
  readonly #informer: Informer<PromotionRecord>;
  readonly #clock: Clock;
  readonly #sink: (logged: LoggedRecord) => void;

  constructor(informer: Informer<PromotionRecord>, clock: Clock, sink: (logged: LoggedRecord) => void) {
    this.#informer = informer;
    this.#clock = clock;
    this.#sink = sink;
  }

  async run(signal: AbortSignal): Promise<void> {
    const since = this.#clock.now() - OVERLAP;
    const stop = this.#informer.addHandler({
      add: ({ spec }, { initial }) => {
        if (!initial || !(parseTime(spec.time) < since)) this.#sink(maskedRecord(spec));
      },
    });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve());
    });
    stop();
  }
}
