import type { Clock, Timer } from '../../operator/kube/index.ts';

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until {@link ManualClock.advance} is called. */
export class ManualClock implements Clock {
  #elapsed = 0;
  #order = 0;
  readonly #start: number;
  readonly #pending = new Set<Pending>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#pending.size;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  setTimer(ms: number, callback: () => void): Timer {
    const entry: Pending = { due: this.#elapsed + Math.max(ms, 0), order: this.#order++, callback };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** Moves time on and runs the timers that fall due, oldest first. */
  advance(ms: number): void {
    const until = this.#elapsed + ms;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#pending.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.due);
      next.callback();
    }
    this.#elapsed = until;
  }

  #next(until: number): Pending | undefined {
    let next: Pending | undefined;
    for (const entry of this.#pending) {
      if (entry.due > until) continue;
      if (next === undefined || entry.due < next.due || (entry.due === next.due && entry.order < next.order))
        next = entry;
    }
    return next;
  }
}
