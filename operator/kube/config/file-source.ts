import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock/index.ts';

/** How long what was read from a file may be used: kubelets rotate tokens and certificates in place. */
const maxAge = 60_000;

/** A file that is read again when what was read is older than a minute. */
export class FileSource {
  readonly #path: string;
  readonly #clock: Clock;
  #content = '';
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** The trimmed content. While the file cannot be read, what was read before stands. */
  async read(options: { readonly fresh?: boolean } = {}): Promise<string> {
    const now = this.#clock.monotonic();
    if (options.fresh !== true && now - this.#readAt < maxAge) return this.#content;
    try {
      this.#content = (await readFile(this.#path, 'utf8')).trim();
    } catch (error) {
      if (this.#content === '') throw error;
    }
    this.#readAt = now;
    return this.#content;
  }
}
