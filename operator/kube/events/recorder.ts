import { microTime } from '../../canonical/index.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../clock/index.ts';
import { isNotFound } from '../errors.ts';
import { silentLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { KubeEvent } from '../objects/index.ts';
import { aggregationKey, nameOf, newEvent } from './aggregate.ts';
import type { Reporter } from './aggregate.ts';
import { Spam } from './spam.ts';
import type { EventInput, EventRecorder } from './types.ts';

export interface RecorderOptions extends Reporter {
  readonly client: Pick<Client, 'create' | 'patch'>;
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
}

/** An event seen before within this many milliseconds is counted on the same object (client-go: 6 minutes). */
const seriesLifetime = 360_000;
/** A series that goes on is written no more often than this, milliseconds. */
const seriesInterval = 30_000;
/** Events waiting to be sent; beyond it new ones are dropped: an event must never cost the controller its memory. */
const capacity = 1000;

interface Series {
  readonly event: KubeEvent;
  count: number;
  lastSeen: number;
  lastWritten: number;
  created: boolean;
}

/**
 * {@link EventRecorder} over `events.k8s.io/v1`: repeated events become one with a count, floods about one object are cut,
 * and what cannot be sent is logged and forgotten.
 */
export class Recorder implements EventRecorder {
  readonly #options: RecorderOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #series = new Map<string, Series>();
  readonly #spam: Spam;
  #waiting = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#logger = options.logger ?? silentLogger;
    this.#spam = new Spam(this.#clock);
  }

  record(input: EventInput): void {
    try {
      this.#enqueue(input);
    } catch (error) {
      this.#logger.warn({ err: error, reason: input.reason }, 'cannot record an event');
    }
  }

  flush(): Promise<void> {
    return this.#tail;
  }

  #enqueue(input: EventInput): void {
    const now = this.#clock.now();
    this.#forgetOld(now);
    const key = aggregationKey(input);
    const known = this.#series.get(key);
    if (known !== undefined) {
      known.count++;
      known.lastSeen = now;
      // The second time makes it a series, later ones are written now and then.
      if (known.count > 2 && now - known.lastWritten < seriesInterval) return;
      known.lastWritten = now;
      this.#later(() => this.#write(known));
      return;
    }
    if (this.#waiting >= capacity || !this.#spam.allows(input.regarding.metadata.uid ?? nameOf(input.regarding))) {
      this.#logger.debug({ object: nameOf(input.regarding), reason: input.reason }, 'too many events, one dropped');
      return;
    }
    const { controller, instance } = this.#options;
    const event = newEvent(input, { controller, instance }, now);
    const series: Series = { event, count: 1, lastSeen: now, lastWritten: now, created: false };
    this.#series.set(key, series);
    this.#later(() => this.#write(series));
  }

  /** One after the other: an event's creation must be through before its count is written. */
  #later(send: () => Promise<void>): void {
    this.#waiting++;
    this.#tail = this.#tail.then(send).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'an event was not sent');
    });
    void this.#tail.then(() => this.#waiting--);
  }

  async #write(series: Series): Promise<void> {
    const { client } = this.#options;
    const { event, count, lastSeen } = series;
    if (series.created) {
      const body = { series: { count, lastObservedTime: microTime(lastSeen) } };
      try {
        await client.patch(KubeEvent, event.metadata, { type: 'merge', body });
        return;
      } catch (error) {
        if (!isNotFound(error)) throw error;
        // Events expire after an hour; the next lines make it anew.
      }
    }
    const whole = count < 2 ? event : { ...event, series: { count, lastObservedTime: microTime(lastSeen) } };
    await client.create(KubeEvent, whole);
    series.created = true;
  }

  #forgetOld(now: number): void {
    for (const [key, series] of this.#series) if (now - series.lastSeen > seriesLifetime) this.#series.delete(key);
  }
}
