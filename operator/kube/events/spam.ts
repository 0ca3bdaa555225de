import type { Clock } from '../clock/index.ts';

/** Events about one object at once, and the milliseconds after which one more is allowed (client-go's spam filter). */
const burst = 25;
const refill = 300_000;
/** Objects remembered; the ones longest unheard of are forgotten first. */
const capacity = 4096;

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket per object, so that one that flaps does not flood the event list. */
export class Spam {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a token for the object; false when there is none left. */
  allows(object: string): boolean {
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(object) ?? { tokens: burst, at: now };
    this.#buckets.delete(object);
    this.#buckets.set(object, bucket);
    if (this.#buckets.size > capacity) {
      const oldest = this.#buckets.keys().next();
      if (oldest.done !== true) this.#buckets.delete(oldest.value);
    }
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refill);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}
