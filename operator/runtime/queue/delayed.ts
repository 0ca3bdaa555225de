import type { Clock, Timer } from '../../kube/index.ts';

/** `low` waits until nothing normal is left: the backlog of a start must not delay what happens now. */
export type Priority = 'normal' | 'low';

interface Entry {
  readonly key: string;
  readonly priority: Priority;
  readonly due: number;
  readonly order: number;
}

/**
 * Keys that become ready later; of several times for one key the earliest counts, of several priorities the higher. One timer, a binary heap, and entries
 * that were overtaken are skipped when they come up.
 */
export class DelayedKeys {
  readonly #clock: Clock;
  readonly #ready: (key: string, priority: Priority) => void;
  readonly #heap: Entry[] = [];
  readonly #current = new Map<string, Entry>();
  #timer: Timer | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #order = 0;

  constructor(clock: Clock, ready: (key: string, priority: Priority) => void) {
    this.#clock = clock;
    this.#ready = ready;
  }

  get size(): number {
    return this.#current.size;
  }

  /** @param delay milliseconds */
  add(key: string, delay: number, priority: Priority): void {
    const known = this.#current.get(key);
    const due = Math.min(this.#clock.monotonic() + delay, known?.due ?? Number.POSITIVE_INFINITY);
    const raised = known?.priority === 'low' && priority === 'normal';
    if (known !== undefined && known.due <= due && !raised) return;
    const entry: Entry = {
      key,
      due,
      priority: known?.priority === 'normal' ? 'normal' : priority,
      order: this.#order++,
    };
    this.#current.set(key, entry);
    this.#heap.push(entry);
    this.#up(this.#heap.length - 1);
    this.#schedule();
  }

  clear(): void {
    this.#heap.length = 0;
    this.#current.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
  }

  #schedule(): void {
    const next = this.#heap[0];
    if (next === undefined || next.due >= this.#timerDue) return;
    this.#timer?.cancel();
    this.#timerDue = next.due;
    this.#timer = this.#clock.setTimer(next.due - this.#clock.monotonic(), () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonic();
    for (let first = this.#heap[0]; first !== undefined && first.due <= now; first = this.#heap[0]) {
      this.#pop();
      if (this.#current.get(first.key) !== first) continue;
      this.#current.delete(first.key);
      this.#ready(first.key, first.priority);
    }
    this.#schedule();
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#down(0);
  }

  #up(start: number): void {
    for (let index = start; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #down(start: number): void {
    for (let index = start; ;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const child = right < this.#heap.length && before(this.#heap[right], this.#heap[left]) ? right : left;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #swapIfBefore(lower: number, upper: number): boolean {
    const below = this.#heap[lower];
    const above = this.#heap[upper];
    if (below === undefined || above === undefined || !before(below, above)) return false;
    this.#heap[upper] = below;
    this.#heap[lower] = above;
    return true;
  }
}

function before(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
