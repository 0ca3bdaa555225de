/** As many objects as may be unsettled at once; the oldest are forgotten first, at the price of one write each. */
const capacity = 10_000;

/**
 * Objects that the API server keeps in another form than they were sent (a default inside a list, a normalised value, a
 * webhook's change). Sending them again would change nothing, again and again.
 */
export class Settled {
  readonly #states = new Map<string, string>();

  /** Was `hash` sent already and is the object still as it was right after? */
  holds(place: string, hash: string, version: string): boolean {
    return this.#states.get(place) === `${hash} ${version}`;
  }

  remember(place: string, hash: string, version: string): void {
    this.#states.delete(place);
    this.#states.set(place, `${hash} ${version}`);
    if (this.#states.size <= capacity) return;
    const oldest = this.#states.keys().next();
    if (oldest.done !== true) this.#states.delete(oldest.value);
  }

  forget(place: string): void {
    this.#states.delete(place);
  }
}
