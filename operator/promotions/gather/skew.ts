import type { Client, Clock } from '../../kube/index.ts';

/** Milliseconds for which a comparison counts; clocks drift by far less in that time. */
const MAX_AGE = 30_000;
/** Milliseconds by which the wall clock may run apart from the monotonic one before it counts as set. */
const JUMP = 1000;

interface Compared {
  readonly seconds: number;
  readonly wall: number;
  readonly monotonic: number;
}

/** How far this clock is from the API server's. Asked seldom, and at once when this clock was set in between. */
export class ClockSkew {
  readonly #client: Pick<Client, 'serverDate'>;
  readonly #clock: Clock;
  #last: Compared | undefined;

  constructor(client: Pick<Client, 'serverDate'>, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** @returns seconds, positive when this clock is ahead; rejects when the server does not answer */
  async seconds(signal: AbortSignal): Promise<number> {
    const known = this.#last;
    if (known !== undefined && this.#isFresh(known)) return known.seconds;
    const { skew } = await this.#client.serverDate({ signal });
    this.#last = { seconds: skew / 1000, wall: this.#clock.now(), monotonic: this.#clock.monotonic() };
    return this.#last.seconds;
  }

  #isFresh({ wall, monotonic }: Compared): boolean {
    const age = this.#clock.monotonic() - monotonic;
    return age <= MAX_AGE && Math.abs(this.#clock.now() - wall - age) <= JUMP;
  }
}
