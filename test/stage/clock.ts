/** Time that a test lets pass, so that nobody waits for the product's own deadlines. */
import { systemClock, type Client, type Clock, type Timer } from '../../operator/kube/index.ts';
import type { Overrides } from '../../operator/processes/process.ts';

interface Pending {
  readonly due: number;
  readonly callback: () => void;
  timer: Timer;
}

/**
 * The machine's clock, and what a test adds to it. What Kubernetes writes down keeps the machine's time: to a process for
 * which an hour passed, it is an hour old. What is made while the wall clock is ahead is born old, so set it
 * {@link SteppedClock.back} when what was waited for is there.
 */
export class SteppedClock implements Clock {
  #passed = 0;
  #ahead = 0;
  readonly #pending = new Set<Pending>();

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#passed;
  }

  setTimer(ms: number, callback: () => void): Timer {
    const pending: Pending = { due: this.monotonic() + ms, callback, timer: { cancel: () => undefined } };
    this.#pending.add(pending);
    this.#arm(pending);
    return {
      cancel: () => {
        this.#pending.delete(pending);
        pending.timer.cancel();
      },
    };
  }

  /** Milliseconds go by at once: what is due by then goes on. */
  pass(ms: number): void {
    this.#passed += ms;
    this.#ahead += ms;
    for (const pending of this.#pending) this.#arm(pending);
  }

  /** Sets the wall clock right, as NTP would; what went by went by. */
  back(): void {
    this.#ahead = 0;
  }

  /**
   * What a process is started with. The API server's clock counts as one that is set together with the process': otherwise
   * it would see that they differ, and count no votes.
   */
  get overrides(): Overrides {
    return { clock: this, client: (client) => this.#besideServer(client) };
  }

  #besideServer(client: Client): Client {
    const serverDate: Client['serverDate'] = async (options) => {
      const { date, skew } = await client.serverDate(options);
      return { date: new Date(date.getTime() + this.#ahead), skew: skew - this.#ahead };
    };
    return new Proxy(client, {
      get(target, name) {
        if (name === 'serverDate') return serverDate;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  #arm(pending: Pending): void {
    pending.timer.cancel();
    pending.timer = systemClock.setTimer(Math.max(0, pending.due - this.monotonic()), () => {
      // One that is due later than the machine can count is armed again.
      if (this.monotonic() < pending.due) {
        this.#arm(pending);
        return;
      }
      this.#pending.delete(pending);
      pending.callback();
    });
  }
}
