/** As many statuses as may be unsettled at once; the oldest are forgotten first, at the price of one write each. */
const capacity = 10_000;

/**
 * Statuses that the API server keeps in another form than they were sent (a default, a field that the installed schema does
 * not know). Sending them again would change nothing, again and again.
 */
export class Settled {
  readonly #states = new Map<string, string>();

  /** Was `sent` sent already, and is what is stored still what was stored right after? Both are digests. */
  holds(place: string, sent: string, stored: string): boolean {
    return this.#states.get(place) === `${sent} ${stored}`;
  }

  remember(place: string, sent: string, stored: string): void {
    this.#states.delete(place);
    this.#states.set(place, `${sent} ${stored}`);
    if (this.#states.size <= capacity) return;
    const oldest = this.#states.keys().next();
    if (oldest.done !== true) this.#states.delete(oldest.value);
  }

  forget(place: string): void {
    this.#states.delete(place);
  }
}
