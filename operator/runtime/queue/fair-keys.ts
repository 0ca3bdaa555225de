/**
 * Keys that wait, each once, handed out by turns: one group after the other gives its oldest key. A thousand keys of one
 * group delay a key of another by one turn, not by a thousand.
 */
export class FairKeys {
  readonly #groupOf: (key: string) => string;
  /** In the order of their turns; each holds its keys in the order in which they came, and is never empty. */
  readonly #groups = new Map<string, Set<string>>();
  #size = 0;

  constructor(groupOf: (key: string) => string) {
    this.#groupOf = groupOf;
  }

  get size(): number {
    return this.#size;
  }

  /** A group that had nothing to do gets its turn after all that have. */
  add(key: string): void {
    const group = this.#groupOf(key);
    const keys = this.#groups.get(group);
    if (keys?.has(key) === true) return;
    this.#size++;
    if (keys === undefined) this.#groups.set(group, new Set([key]));
    else keys.add(key);
  }

  /** @returns whether the key was there */
  delete(key: string): boolean {
    const group = this.#groupOf(key);
    const keys = this.#groups.get(group);
    if (keys?.delete(key) !== true) return false;
    this.#size--;
    if (keys.size === 0) this.#groups.delete(group);
    return true;
  }

  /** Takes the key whose turn it is. */
  take(): string | undefined {
    for (const [group, keys] of this.#groups)
      for (const key of keys) {
        keys.delete(key);
        this.#size--;
        this.#groups.delete(group);
        if (keys.size > 0) this.#groups.set(group, keys);
        return key;
      }
    return undefined;
  }

  clear(): void {
    this.#groups.clear();
    this.#size = 0;
  }
}

/** The namespace of a `namespace/name`; keys without one share a group. */
export function namespaceOf(key: string): string {
  const slash = key.indexOf('/');
  return slash < 0 ? '' : key.slice(0, slash);
}
